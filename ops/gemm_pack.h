/*
 * Packing the operands of a matrix product, a part of gemm_kernel.h, which includes it: so that a
 * tile finds what it reads one after the other, and in the cache.
 */

/* Copies [rows, depth] elements, rows `from_step` and then `to_step` apart. memcpy() would take
 * longer: rows are short, and where they begin a page apart it trips over its own stores. */
GEMM_TARGET static void GEMM_NAME(copy_rows)(GEMM_REAL *restrict to, int64_t to_step,
                                             const GEMM_REAL *restrict from, int64_t from_step,
                                             int64_t rows, int64_t depth) {
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

/* Packs rows of A whose elements follow each other along the rows, steps of the depth `step` apart:
 * for each step the elements of a tile, tile after tile. */
GEMM_TARGET static void GEMM_NAME(pack_a)(GEMM_REAL *restrict to, const GEMM_REAL *restrict from,
                                          int64_t step, int64_t rows, int64_t depth) {
    /* Few steps at a time: rows of a tile end within a cache line, and lines a page apart would
     * push each other out before the next tile reads the rest. */
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

/* Packs a panel of B, element (p, j) at p · stride[0] + j · stride[1] (one of them 1): row after
 * row, with zeros from column `columns` on. */
GEMM_TARGET static void GEMM_NAME(pack_b)(GEMM_REAL *restrict to, const GEMM_REAL *restrict from,
                                          const int64_t stride[2], int64_t columns, int64_t depth) {
    enum { WIDTH = GEMM_NAME(WIDTH), LINE = 64 / sizeof(GEMM_REAL), LONG = 16 / sizeof(GEMM_REAL) };
    if (stride[1] == 1 && columns == WIDTH) {
        GEMM_NAME(copy_rows)(to, WIDTH, from, stride[0], depth, WIDTH);
        return;
    }
    int64_t p = 0;
    if (stride[1] == 1) /* the compiler has masked loads for it */
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
