/*
 * Packing the operands of a matrix product: a copy in the order in which a tile reads it. A part of
 * gemm_parts.h, which includes it.
 */

/* Copies [rows, depth] elements. Rows are `from_step` apart in the source and `to_step` apart in
 * the copy. memcpy() is slower here: rows are short, and where they begin a page apart its loads
 * wait for its own stores. */
GEMM_PART GEMM_TARGET static void GEMM_NAME(copy_rows)(GEMM_REAL *restrict to, int64_t to_step,
                                                       const GEMM_REAL *restrict from,
                                                       int64_t from_step, int64_t rows,
                                                       int64_t depth) {
    typedef GEMM_NAME(vector) vector;
    enum { LANES = GEMM_NAME(LANES) };
    for (int64_t i = 0; i < rows; i++, to += to_step, from += from_step) {
        int64_t p = 0;
        for (; p + LANES <= depth; p += LANES) {
            __builtin_prefetch(from + from_step + p);
            *(vector *)(to + p) = *(const vector *)(from + p);
        }
        for (; p < depth; p++)
            to[p] = from[p];
    }
}

/* Packs a transposed A: neighbours in memory are neighbours in a column of A, and a step of the
 * depth is `step` elements. The copy has the tiles one after the other, and in a tile one step of
 * the depth after the other. */
GEMM_PART GEMM_TARGET static void GEMM_NAME(pack_a)(GEMM_REAL *restrict to,
                                                    const GEMM_REAL *restrict from, int64_t step,
                                                    int64_t rows, int64_t depth) {
    /* Only a few steps at a time. A tile ends within a cache line, and the next tile reads the rest
     * of that line. With many steps, lines that lie a page apart would evict each other before. */
    enum { STEPS = 4 };
    for (int64_t p = 0; p < depth; p += STEPS) {
        const int64_t end = yg_smaller(depth, p + STEPS);
        for (int64_t i = 0, height; i < rows; i += height) {
            height = yg_gemm_tile_height(rows - i, GEMM_ROWS);
            for (int64_t q = p; q < end; q++) {
                GEMM_REAL *tile = to + i * depth + q * height;
                if (height == GEMM_ROWS)
                    memcpy(tile, from + q * step + i, GEMM_ROWS * sizeof *to);
                else
                    memcpy(tile, from + q * step + i, (size_t)height * sizeof *to);
            }
        }
    }
}

/* Packs a panel of B row by row, with zeros from column `columns` on. Element (p, j) lies at
 * p · stride[0] + j · stride[1]. One of the two strides is 1. */
GEMM_PART GEMM_TARGET static void GEMM_NAME(pack_b)(GEMM_REAL *restrict to,
                                                    const GEMM_REAL *restrict from,
                                                    const int64_t stride[2], int64_t columns,
                                                    int64_t depth) {
    enum { WIDTH = GEMM_NAME(WIDTH), LINE = 64 / sizeof(GEMM_REAL), LONG = 16 / sizeof(GEMM_REAL) };
    if (stride[1] == 1 && columns == WIDTH) {
        GEMM_NAME(copy_rows)(to, WIDTH, from, stride[0], depth, WIDTH);
        return;
    }
    int64_t p = 0;
    if (stride[1] == 1) /* the compiler makes masked loads of this */
        for (; p < depth; p++)
            for (int64_t j = 0; j < WIDTH; j++)
                to[p * WIDTH + j] = j < columns ? from[p * stride[0] + j] : 0;
    if (stride[0] == 1)
        for (; p + LINE <= depth; p += LINE) {
            const GEMM_REAL *lines = from + p;
            int64_t j = 0;
            for (; j + GEMM_TRANSPOSED <= columns; j += GEMM_TRANSPOSED) {
                for (int64_t i = j; i < j + GEMM_TRANSPOSED; i++)
                    __builtin_prefetch(lines + (WIDTH + i) * stride[1], 0, 2); /* next panel's */
                GEMM_UNROLL for (int64_t q = 0; q < LINE; q += LONG) GEMM_TRANSPOSE(
                    to + (p + q) * WIDTH + j, WIDTH, lines + j * stride[1] + q, stride[1]);
            }
            for (; j < WIDTH; j++)
                for (int64_t q = 0; q < LINE; q++)
                    to[(p + q) * WIDTH + j] = j < columns ? lines[j * stride[1] + q] : 0;
        }
    for (; p < depth; p++)
        for (int64_t j = 0; j < WIDTH; j++)
            to[p * WIDTH + j] = j < columns ? from[p * stride[0] + j * stride[1]] : 0;
}
