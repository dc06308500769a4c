/*
 * Matrix products without packing, for results that are too small or too narrow for tiles. The file
 * is included once for each element type and so has no include guard. Before including it, define
 * GEMM_REAL, the element type, and GEMM_NAME(x), x with the type's suffix. Both are undefined at
 * the end of this file.
 */

/* Computes C row by row. */
YG_MULTIVERSION static void GEMM_NAME(by_rows)(const yg_gemm *gemm, const GEMM_REAL *a,
                                               const GEMM_REAL *b, GEMM_REAL *c) {
    const int64_t columns = gemm->columns, depth = gemm->depth;
    for (int64_t i = 0; i < gemm->rows; i++, a += gemm->a_stride[0], c += gemm->c_stride) {
        if (gemm->b_stride[1] == 1) {
            /* Row by row of B: c += a[p] · b[p, :]. */
            for (int64_t j = 0; !gemm->add && j < columns; j++)
                c[j] = 0;
            for (int64_t p = 0; p < depth; p++) {
                const GEMM_REAL factor = a[p * gemm->a_stride[1]];
                const GEMM_REAL *row = b + p * gemm->b_stride[0];
                GEMM_SIMD
                for (int64_t j = 0; j < columns; j++)
                    c[j] += factor * row[j];
            }
            continue;
        }
        /* B's columns are contiguous: inner products. */
        for (int64_t j = 0; j < columns; j++) {
            enum { LANES = 16 };
            const GEMM_REAL *column = b + j * gemm->b_stride[1];
            GEMM_REAL lane[LANES] = {0}, rest = 0;
            int64_t p = 0;
            if (gemm->a_stride[1] == 1)
                for (; p + LANES <= depth; p += LANES) {
                    GEMM_SIMD
                    for (int l = 0; l < LANES; l++)
                        lane[l] += a[p + l] * column[p + l];
                }
            for (; p < depth; p++)
                rest += a[p * gemm->a_stride[1]] * column[p * gemm->b_stride[0]];
            if (depth >= LANES)
                for (int width = LANES / 2; width > 0; width /= 2)
                    for (int l = 0; l < width; l++)
                        lane[l] += lane[l + width];
            c[j] = gemm->add ? c[j] + (lane[0] + rest) : lane[0] + rest;
        }
    }
}

static void GEMM_NAME(plain)(const yg_gemm *gemm, const void *a, const void *b, void *c,
                             void *scratch) {
    (void)scratch;
    if (gemm->columns > 1 || gemm->c_stride != 1) {
        GEMM_NAME(by_rows)(gemm, a, b, c);
        return;
    }
    /* A contiguous column lies in memory as a row does, so it is computed as one: Cᵀ = Bᵀ · Aᵀ. */
    const yg_gemm row = {
        .rows = 1,
        .columns = gemm->rows,
        .depth = gemm->depth,
        .a_stride = {0, gemm->b_stride[0]},
        .b_stride = {gemm->a_stride[1], gemm->a_stride[0]},
        .add = gemm->add,
    };
    GEMM_NAME(by_rows)(&row, b, a, c);
}

/* A handful of multiply-adds, which take less time than the set-up of the other kernels. `depth` is
 * a constant at most calls, so that the loop over it can be unrolled. */
GEMM_INLINE void GEMM_NAME(tiny)(const yg_gemm *gemm, const int64_t depth, const GEMM_REAL *a,
                                 const GEMM_REAL *b, GEMM_REAL *c) {
    const int64_t a_step = gemm->a_stride[1], b_step = gemm->b_stride[0];
    const int64_t columns = gemm->columns, next = gemm->b_stride[1];
    const bool add = gemm->add;
    for (int64_t i = 0; i < gemm->rows; i++, a += gemm->a_stride[0], c += gemm->c_stride) {
        const GEMM_REAL *column = b;
        for (int64_t j = 0; j < columns; j++, column += next) {
            GEMM_REAL sum = 0;
            GEMM_UNROLL for (int64_t p = 0; p < depth; p++) sum +=
                a[p * a_step] * column[p * b_step];
            c[j] = add ? c[j] + sum : sum;
        }
    }
}

#define GEMM_TINY_OF(name, depth)                                                                  \
    GEMM_SCALAR static void GEMM_NAME(name)(const yg_gemm *gemm, const void *a, const void *b,     \
                                            void *c, void *scratch) {                              \
        (void)scratch;                                                                             \
        GEMM_NAME(tiny)(gemm, depth, a, b, c);                                                     \
    }
GEMM_TINY_OF(tiny_any, gemm->depth)
GEMM_TINY_OF(tiny_1, 1)
GEMM_TINY_OF(tiny_2, 2)
GEMM_TINY_OF(tiny_3, 3)
GEMM_TINY_OF(tiny_4, 4)
#undef GEMM_TINY_OF

#undef GEMM_REAL
#undef GEMM_NAME
