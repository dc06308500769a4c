/*
 * Products of matrices that fit the caches and need not be cut, a part of gemm_parts.h, which
 * includes it.
 */

/* A product that takes less time than the decision how to cut it would. A is read where it lies,
 * and so are full panels of B. `ahead` is what to prefetch meanwhile. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(small)(const bool along, const yg_gemm *gemm,
                                              const GEMM_REAL *a, const GEMM_REAL *b, GEMM_REAL *c,
                                              GEMM_REAL *panel, yg_gemm_ahead *ahead) {
    enum { WIDTH = GEMM_NAME(WIDTH) };
    const int64_t *a_stride = gemm->a_stride, *b_stride = gemm->b_stride;
    GEMM_REAL tile[GEMM_ROWS * WIDTH] __attribute__((aligned(64)));
    GEMM_NAME(tile_in) in = {.depth = gemm->depth, .ahead = ahead};
    for (int64_t j = 0; j < gemm->columns; j += WIDTH) {
        const int64_t columns = yg_smaller(gemm->columns - j, WIDTH);
        const bool whole = columns == WIDTH, packs = !whole || b_stride[1] != 1;
        if (packs)
            GEMM_NAME(pack_b)(panel, b + j * b_stride[1], b_stride, columns, gemm->depth);
        in.b = packs ? panel : b + j;
        in.b_step = packs ? WIDTH : b_stride[0];
        for (int64_t i = 0, height; i < gemm->rows; i += height) {
            height = yg_gemm_tile_height(gemm->rows - i, GEMM_ROWS);
            in.a = a + i * a_stride[0];
            in.a_step = along ? a_stride[0] : a_stride[1];
            const GEMM_NAME(tile_out)
                place = {c + i * gemm->c_stride + j, gemm->c_stride, gemm->add};
            const GEMM_NAME(tile_out) aside = {tile, WIDTH, false};
            GEMM_NAME(any_tile)(height, along, &in, whole ? &place : &aside);
            if (!whole)
                GEMM_NAME(move_tile)(tile, height, columns, &place);
        }
    }
}

GEMM_PART GEMM_TARGET static void GEMM_NAME(small_along)(const yg_gemm *gemm, const GEMM_REAL *a,
                                                         const GEMM_REAL *b, GEMM_REAL *c,
                                                         GEMM_REAL *panel, yg_gemm_ahead *ahead) {
    GEMM_NAME(small)(true, gemm, a, b, c, panel, ahead);
}

GEMM_PART GEMM_TARGET static void GEMM_NAME(small_across)(const yg_gemm *gemm, const GEMM_REAL *a,
                                                          const GEMM_REAL *b, GEMM_REAL *c,
                                                          GEMM_REAL *panel, yg_gemm_ahead *ahead) {
    GEMM_NAME(small)(false, gemm, a, b, c, panel, ahead);
}
