/*
 * Packed matrix products for one element type and one set of instructions, to be included once for
 * each (no include guard): the scheme of Goto and van de Geijn ("Anatomy of high-performance matrix
 * multiplication", ACM Transactions on Mathematical Software 34(3), 2008). Before it, define
 *
 *   GEMM_REAL                       the element type
 *   GEMM_NAME(x)                    x with a suffix for type and instructions; the result is
 *                                   GEMM_NAME(yg_gemm), declared in gemm_packed.h
 *   GEMM_BYTES                      of a vector
 *   GEMM_ROWS                       the height of a tile of C, which is two vectors wide: as high
 *                                   as the vector registers allow, 6 or 12
 *   GEMM_TARGET                     the attribute that lets the compiler use the instructions
 *   GEMM_MULTIPLY_ADD(a, x, sum)    a · x + sum on vectors x and sum
 *   GEMM_TRANSPOSE                  a function of gemm_transpose.h …
 *   GEMM_TRANSPOSED                 … and the number of rows that it takes
 *
 * which are undefined again at its end, but for GEMM_MULTIPLY_ADD.
 */
#include <string.h>

typedef GEMM_REAL GEMM_NAME(vector)
    __attribute__((vector_size(GEMM_BYTES), aligned(sizeof(GEMM_REAL)), may_alias));

enum {
    GEMM_NAME(LANES) = GEMM_BYTES / (int)sizeof(GEMM_REAL),
    GEMM_NAME(WIDTH) = 2 * GEMM_NAME(LANES), /* columns of a tile, and of a panel of B */
};

/* ------------------------------------------------------------------------- tiles of the result --
 */

/* c (+)= a · b for a tile of C that stays in registers while it runs over the depth: `rows` high,
 * two vectors wide. With `along`, a's elements follow each other along the depth and its rows are
 * a_step apart; otherwise along the rows, and steps of the depth are a_step apart. b's rows are
 * b_step apart. `kept` is NULL or gets b, packed: the loop has time to store it, and packing costs
 * nothing. `rows`, `along` and whether there is `kept` are constants where this is inlined. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(tile)(const int rows, const bool along, int64_t depth,
                                             const GEMM_REAL *a, int64_t a_step, const GEMM_REAL *b,
                                             int64_t b_step, GEMM_REAL *restrict kept, GEMM_REAL *c,
                                             int64_t c_stride, bool add) {
    typedef GEMM_NAME(vector) vector;
    enum { LANES = GEMM_NAME(LANES) };
    vector sum[GEMM_ROWS][2];
    GEMM_UNROLL for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (vector){0};
    for (int64_t p = 0; p < depth; p++) {
        const vector b0 = *(const vector *)b, b1 = *(const vector *)(b + LANES);
        if (kept) {
            vector *to = (vector *)(kept + p * 2 * LANES);
            to[0] = b0;
            to[1] = b1;
            __builtin_prefetch(b + 2 * LANES, 0, 2); /* of the next panel */
        }
        GEMM_UNROLL for (int i = 0; i < rows; i++) {
            const GEMM_REAL x = a[along ? i * a_step : i];
            sum[i][0] = GEMM_MULTIPLY_ADD(x, b0, sum[i][0]);
            sum[i][1] = GEMM_MULTIPLY_ADD(x, b1, sum[i][1]);
        }
        a += along ? 1 : a_step;
        b += b_step;
    }
    GEMM_UNROLL for (int i = 0; i < rows; i++) {
        vector *to = (vector *)(c + i * c_stride);
        if (add) {
            sum[i][0] += to[0];
            sum[i][1] += to[1];
        }
        to[0] = sum[i][0];
        to[1] = sum[i][1];
    }
}

/* ------------------------------------------------------------------------------------- packing --
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
    for (int64_t i = 0, height; i < rows; i += height) {
        height = yg_gemm_tile_height(rows - i, GEMM_ROWS);
        for (int64_t p = 0; p < depth; p++, to += height) {
            if (height == GEMM_ROWS)
                memcpy(to, from + p * step + i, GEMM_ROWS * sizeof *to);
            else
                memcpy(to, from + p * step + i, (size_t)height * sizeof *to);
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

/* ------------------------------------------------------------------------------------- drivers --
 */

/* A tile of a height that is known only here. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(any_tile)(int64_t rows, const bool along, int64_t depth,
                                                 const GEMM_REAL *a, int64_t a_step,
                                                 const GEMM_REAL *b, int64_t b_step, GEMM_REAL *c,
                                                 int64_t c_stride, bool add) {
#define GEMM_CASE(n)                                                                               \
    case n:                                                                                        \
        GEMM_NAME(tile)(n, along, depth, a, a_step, b, b_step, NULL, c, c_stride, add);            \
        break;
    switch (rows) {
        GEMM_CASE(1)
        GEMM_CASE(2)
        GEMM_CASE(3)
        GEMM_CASE(4)
        GEMM_CASE(5)
        GEMM_CASE(6)
#if GEMM_ROWS > 6
        GEMM_CASE(7)
        GEMM_CASE(8)
        GEMM_CASE(9)
        GEMM_CASE(10)
        GEMM_CASE(11)
        GEMM_CASE(12)
#endif
    }
#undef GEMM_CASE
}

/* A block of A by a panel of B of full width, or by a packed one of less. As for a tile; rows that
 * are not `along` are packed. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(panel)(const bool along, int64_t rows, int64_t columns,
                                              int64_t depth, const GEMM_REAL *a, int64_t a_step,
                                              const GEMM_REAL *b, int64_t b_step,
                                              GEMM_REAL *restrict kept, GEMM_REAL *c,
                                              int64_t c_stride, bool add) {
    enum { WIDTH = GEMM_NAME(WIDTH) };
    for (int64_t i = 0, height; i < rows; i += height, c += height * c_stride) {
        height = yg_gemm_tile_height(rows - i, GEMM_ROWS);
        const GEMM_REAL *left = a + i * (along ? a_step : depth);
        const int64_t step = along ? a_step : height;
        if (kept) {
            GEMM_NAME(tile)
            (GEMM_ROWS, along, depth, left, along ? a_step : GEMM_ROWS, b, b_step, kept, c,
             c_stride, add);
            b = kept;
            b_step = WIDTH;
            kept = NULL;
        } else if (columns == WIDTH && height == GEMM_ROWS) {
            GEMM_NAME(tile)
            (GEMM_ROWS, along, depth, left, along ? a_step : GEMM_ROWS, b, b_step, NULL, c,
             c_stride, add);
        } else if (columns == WIDTH) {
            GEMM_NAME(any_tile)(height, along, depth, left, step, b, b_step, c, c_stride, add);
        } else {
            GEMM_REAL edge[GEMM_ROWS * WIDTH]; /* the tile hangs over C's border */
            GEMM_NAME(any_tile)(height, along, depth, left, step, b, b_step, edge, WIDTH, false);
            for (int64_t r = 0; r < height; r++)
                for (int64_t j = 0; j < columns; j++) {
                    GEMM_REAL *to = c + r * c_stride + j;
                    *to = add ? *to + edge[r * WIDTH + j] : edge[r * WIDTH + j];
                }
        }
    }
}

GEMM_TARGET static void GEMM_NAME(panel_along)(int64_t rows, int64_t columns, int64_t depth,
                                               const GEMM_REAL *a, int64_t a_step,
                                               const GEMM_REAL *b, int64_t b_step, GEMM_REAL *kept,
                                               GEMM_REAL *c, int64_t c_stride, bool add) {
    GEMM_NAME(panel)(true, rows, columns, depth, a, a_step, b, b_step, kept, c, c_stride, add);
}

GEMM_TARGET static void GEMM_NAME(panel_packed)(int64_t rows, int64_t columns, int64_t depth,
                                                const GEMM_REAL *a, int64_t a_step,
                                                const GEMM_REAL *b, int64_t b_step, GEMM_REAL *kept,
                                                GEMM_REAL *c, int64_t c_stride, bool add) {
    GEMM_NAME(panel)(false, rows, columns, depth, a, a_step, b, b_step, kept, c, c_stride, add);
}

/* A block of A by a block of B, panel by panel. b is where the block of B lies; its panels are in
 * `packed` if another block of A has left them there. */
GEMM_TARGET static void GEMM_NAME(block)(const yg_gemm *gemm, const yg_gemm_blocks *blocks,
                                         const GEMM_REAL *a, int64_t a_step, const GEMM_REAL *b,
                                         GEMM_REAL *packed, bool is_packed, GEMM_REAL *c,
                                         bool add) {
    enum { WIDTH = GEMM_NAME(WIDTH) };
    const int64_t rows = gemm->rows, depth = gemm->depth;
    for (int64_t j = 0; j < gemm->columns; j += WIDTH) {
        const int64_t columns = yg_smaller(gemm->columns - j, WIDTH);
        const GEMM_REAL *from = b + j * gemm->b_stride[1];
        GEMM_REAL *to = packed + (blocks->keeps_panels ? j * depth : 0), *kept = NULL;
        const bool as_it_lies = columns == WIDTH && gemm->b_stride[1] == 1 && gemm->depth > 0;
        if (as_it_lies && !blocks->packs_b) {
            to = NULL;
        } else if (as_it_lies && !is_packed && rows >= 2 * GEMM_ROWS) {
            kept = to;
            to = NULL;
        } else if (!is_packed) {
            GEMM_NAME(pack_b)(to, from, gemm->b_stride, columns, depth);
        }
        (gemm->a_stride[1] == 1 ? GEMM_NAME(panel_along) : GEMM_NAME(panel_packed))(
            rows, columns, depth, a, a_step, to ? to : from, to ? WIDTH : gemm->b_stride[0], kept,
            c + j, gemm->c_stride, add);
    }
}

void GEMM_NAME(yg_gemm)(const yg_gemm *gemm, const void *a, const void *b, void *c, void *scratch) {
    const yg_gemm_blocks blocks = yg_gemm_blocks_of(gemm, sizeof(GEMM_REAL), GEMM_NAME(WIDTH));
    GEMM_REAL *packed_a = scratch, *packed_b = packed_a + blocks.rows * blocks.a_step;
    const int64_t *a_stride = gemm->a_stride, *b_stride = gemm->b_stride;
    yg_gemm block = *gemm;
    for (int64_t j = 0; j < gemm->columns; j += blocks.columns) {
        block.columns = yg_smaller(gemm->columns - j, blocks.columns);
        for (int64_t p = 0; p < gemm->depth; p += blocks.depth) {
            block.depth = yg_smaller(gemm->depth - p, blocks.depth);
            for (int64_t i = 0; i < gemm->rows; i += blocks.rows) {
                block.rows = yg_smaller(gemm->rows - i, blocks.rows);
                const GEMM_REAL *left = (const GEMM_REAL *)a + i * a_stride[0] + p * a_stride[1];
                int64_t a_step = a_stride[0];
                if (blocks.copies_a && a_stride[1] == 1)
                    GEMM_NAME(copy_rows)
                (packed_a, blocks.a_step, left, a_step, block.rows, block.depth);
                else if (blocks.copies_a)
                    GEMM_NAME(pack_a)(packed_a, left, a_stride[1], block.rows, block.depth);
                if (blocks.copies_a) {
                    left = packed_a;
                    a_step = blocks.a_step;
                }
                GEMM_NAME(block)
                (&block, &blocks, left, a_step,
                 (const GEMM_REAL *)b + p * b_stride[0] + j * b_stride[1], packed_b, i > 0,
                 (GEMM_REAL *)c + i * gemm->c_stride + j, p > 0 || gemm->add);
            }
        }
    }
}

#undef GEMM_REAL
#undef GEMM_NAME
#undef GEMM_BYTES
#undef GEMM_ROWS
#undef GEMM_TARGET
#undef GEMM_TRANSPOSE
#undef GEMM_TRANSPOSED
