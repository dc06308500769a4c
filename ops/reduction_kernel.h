/*
 * A template for the kernel of a reduction. It has no include guard: include it once for each
 * operator and element type. Each element y of the result is
 *
 *   y = FINISH(MAP(x_1) combined with MAP(x_2) combined with …)
 *
 * over the elements of x that belong to it. Define before the include:
 *
 *   REDUCE_NAME             the name of the function that is defined
 *   REDUCE_INPUT            the type of the elements of x
 *   REDUCE_RESULT           the type of the elements of the result; all arithmetic is done in it
 *   REDUCE_START            the result over no elements: 0 for a sum
 *   REDUCE_MAP(x, base)     turns an element into what is combined
 *   REDUCE_COMBINE(a, b)    combines two values; must be associative, but for rounding
 *   REDUCE_FINISH(a, base)  turns the combined value into the result
 *   REDUCE_BASED            1 if MAP or FINISH use `base`, else 0. `base` is the value that `out`
 *                           holds before the call, for the same element of the result. So a first
 *                           call can leave a mean there, and a second call sum the squared
 *                           deviations from it.
 *   REDUCE_FUNCTIONS        1 if MAP or FINISH call functions of <math.h>, else 0. The vector form
 *                           of such a function may differ from the scalar form in the last bit.
 *                           With 1, columns are computed in whole blocks of REDUCE_LANES; with 0
 *                           the bits would depend on where a call begins.
 *   REDUCE_TWO              optional, without a value: there is a second operand z of x's type and
 *                           shape, and REDUCE_MAP takes an element of each: REDUCE_MAP(x, z, base).
 *                           The functions that are defined then take z after x.
 *   REDUCE_PARTS            optional, without a value: also defines NAME_part and NAME_finish,
 *                           the two kernels of yg_op_plan.parts. NAME_part may apply FINISH to
 *                           each part, or not at all. So FINISH(a, base) must be (a), and
 *                           REDUCE_BASED must be 0.
 *
 * NAME, INPUT and RESULT are undefined at the end; the others stay for the next include. MAP and
 * FINISH may use `order`, the yg_reduction that the function is given: a mean divides by its count.
 *
 * The order in which elements are combined depends on the shape alone, never on the threads, so the
 * bits are always the same. It has two levels:
 *
 *   Where x is contiguous along a reduced dimension, a block is up to REDUCE_BLOCK neighbours. They
 *   are combined over REDUCE_LANES running results, side by side, which a compiler vectorises.
 *   Where x is contiguous along a kept dimension, a block is up to REDUCE_ROWS rows, combined row
 *   by row, for many columns at a time.
 *
 *   Blocks are combined in pairs, then in pairs of pairs, and so on. The rounding error of a sum
 *   therefore grows with the logarithm of the number of blocks. `level` and `blocks` do this like a
 *   binary counter: level[l] holds the result of 2^l blocks wherever bit l of `blocks` is set. One
 *   more block is a carry: it combines with level[0], the result with level[1], up to the first
 *   level that is free.
 */
#include "multiversion.h"
#include "reduction.h"
#include "strides.h"
#include "turn.h"

#include <string.h>

#define REDUCE_JOIN_(a, b) a##b
#define REDUCE_JOIN(a, b)  REDUCE_JOIN_(a, b)

/* A stretch of the operands that begins at an element: arguments, parameters, and an element's
 * term. Without a second operand z is x, which nothing reads. */
#ifdef REDUCE_TWO
#define REDUCE_TERM(x, z, i, base) REDUCE_MAP((x)[i], (z)[i], base)
#else
#define REDUCE_TERM(x, z, i, base) REDUCE_MAP((x)[i], base)
#endif
#define REDUCE_FROM(at) x + (at), z + (at)
#define REDUCE_OPERANDS const REDUCE_INPUT *x, const REDUCE_INPUT *z

/* Combines one block: n ≤ REDUCE_BLOCK neighbours of x. */
static inline __attribute__((always_inline)) REDUCE_RESULT
REDUCE_JOIN(REDUCE_NAME, _run)(REDUCE_OPERANDS, int64_t n, REDUCE_RESULT base) {
    (void)base, (void)z;
    REDUCE_RESULT total = REDUCE_START;
    int64_t i = 0;
    if (n >= REDUCE_LANES) {
        REDUCE_RESULT lane[REDUCE_LANES];
        for (int l = 0; l < REDUCE_LANES; l++)
            lane[l] = REDUCE_START;
        for (; i + REDUCE_LANES <= n; i += REDUCE_LANES) {
            REDUCE_SIMD
            for (int l = 0; l < REDUCE_LANES; l++)
                lane[l] = REDUCE_COMBINE(lane[l], REDUCE_TERM(x, z, i + l, base));
        }
        for (int width = REDUCE_LANES / 2; width > 0; width /= 2)
            for (int l = 0; l < width; l++)
                lane[l] = REDUCE_COMBINE(lane[l], lane[l + width]);
        total = lane[0];
    }
    for (; i < n; i++)
        total = REDUCE_COMBINE(total, REDUCE_TERM(x, z, i, base));
    return total;
}

/* Adds the result of one more block to the binary counter of the opening comment. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _carry)(REDUCE_RESULT *level, uint64_t blocks, REDUCE_RESULT value) {
    int l = 0;
    for (; blocks & 1; blocks >>= 1, l++)
        value = REDUCE_COMBINE(level[l], value);
    level[l] = value;
}

/* Combines all levels of the counter. */
static inline __attribute__((always_inline)) REDUCE_RESULT
REDUCE_JOIN(REDUCE_NAME, _carried)(const REDUCE_RESULT *level, uint64_t blocks) {
    REDUCE_RESULT total = REDUCE_START;
    for (int l = 0; blocks != 0; blocks >>= 1, l++)
        if (blocks & 1)
            total = REDUCE_COMBINE(level[l], total);
    return total;
}

#if !REDUCE_FUNCTIONS
/* Combines REDUCE_SIDE blocks of n elements, `stride` elements apart. A block waits for its running
 * results; several blocks wait at the same time. Gives the bits of _run. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _side)(REDUCE_OPERANDS, int64_t stride, int64_t n,
                                const REDUCE_RESULT *base, REDUCE_RESULT *out) {
    (void)base, (void)z;
    int64_t i = 0;
    REDUCE_RESULT lane[REDUCE_SIDE][REDUCE_LANES];
    REDUCE_UNROLL for (int b = 0; b < REDUCE_SIDE; b++) for (int l = 0; l < REDUCE_LANES; l++)
        lane[b][l] = REDUCE_START;
    for (; i + REDUCE_LANES <= n; i += REDUCE_LANES) {
        REDUCE_UNROLL for (int b = 0; b < REDUCE_SIDE; b++) {
            REDUCE_SIMD
            for (int l = 0; l < REDUCE_LANES; l++)
                lane[b][l] =
                    REDUCE_COMBINE(lane[b][l], REDUCE_TERM(x, z, b * stride + i + l, base[b]));
        }
    }
    REDUCE_UNROLL for (int b = 0; b < REDUCE_SIDE; b++) {
        for (int width = REDUCE_LANES / 2; width > 0; width /= 2)
            for (int l = 0; l < width; l++)
                lane[b][l] = REDUCE_COMBINE(lane[b][l], lane[b][l + width]);
        out[b] = n >= REDUCE_LANES ? lane[b][0] : REDUCE_START;
    }
    for (; i < n; i++)
        for (int b = 0; b < REDUCE_SIDE; b++)
            out[b] = REDUCE_COMBINE(out[b], REDUCE_TERM(x, z, b * stride + i, base[b]));
}

/* Computes out[0 .. REDUCE_SIDE), each over a row of `inner` neighbours of x. The rows follow each
 * other. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _side_rows)(const yg_reduction *order, REDUCE_OPERANDS,
                                     REDUCE_RESULT *out) {
    REDUCE_RESULT level[REDUCE_SIDE][REDUCE_LEVELS]; /* a binary counter for each row */
    REDUCE_RESULT value[REDUCE_SIDE], base[REDUCE_SIDE];
    uint64_t blocks = 0;
    for (int b = 0; b < REDUCE_SIDE; b++)
        base[b] = REDUCE_BASED ? out[b] : 0;
    for (int64_t i = 0; i < order->inner; i += REDUCE_BLOCK) {
        const int64_t rest = order->inner - i;
        REDUCE_JOIN(REDUCE_NAME, _side)
        (REDUCE_FROM(i), order->inner, rest < REDUCE_BLOCK ? rest : REDUCE_BLOCK, base, value);
        for (int b = 0; b < REDUCE_SIDE; b++)
            REDUCE_JOIN(REDUCE_NAME, _carry)(level[b], blocks, value[b]);
        blocks++;
    }
    for (int b = 0; b < REDUCE_SIDE; b++) {
        const REDUCE_RESULT total =
            blocks == 1 ? level[b][0] : REDUCE_JOIN(REDUCE_NAME, _carried)(level[b], blocks);
        out[b] = REDUCE_FINISH(total, base[b]);
    }
}
#endif

/* Combines all elements that belong to one element of the result, where x is contiguous along a
 * reduced dimension. Does not apply FINISH. */
static inline __attribute__((always_inline)) REDUCE_RESULT
REDUCE_JOIN(REDUCE_NAME, _runs)(const yg_reduction *order, REDUCE_OPERANDS, REDUCE_RESULT base) {
    if (order->rows == 1 && order->inner <= REDUCE_BLOCK)
        return REDUCE_JOIN(REDUCE_NAME, _run)(REDUCE_FROM(0), order->inner, base);
    REDUCE_RESULT level[REDUCE_LEVELS]; /* the binary counter of the opening comment */
    uint64_t blocks = 0;
    int64_t index[YG_MAX_RANK] = {0}, offset = 0;
    for (int64_t row = 0; row < order->rows; row++) {
        for (int64_t i = 0; i < order->inner; i += REDUCE_BLOCK) {
            const int64_t rest = order->inner - i;
            const REDUCE_RESULT value = REDUCE_JOIN(REDUCE_NAME, _run)(
                REDUCE_FROM(offset + i), rest < REDUCE_BLOCK ? rest : REDUCE_BLOCK, base);
            REDUCE_JOIN(REDUCE_NAME, _carry)(level, blocks++, value);
        }
        offset = yg_strides_next(order->reduced_rank, order->reduced_size, order->reduced_stride,
                                 index, offset);
    }
    return REDUCE_JOIN(REDUCE_NAME, _carried)(level, blocks);
}

#if !REDUCE_FUNCTIONS
/* Computes out[0 .. REDUCE_LANES), each over a short row of `inner` neighbours of x. The rows
 * follow each other. Their lanes are transposed, so that what a row does to its own lanes one after
 * the other is done for all rows at once. Gives the bits of _run. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _short_rows)(const yg_reduction *order, REDUCE_OPERANDS,
                                      REDUCE_RESULT *out) {
    enum { L = REDUCE_LANES };
    REDUCE_RESULT lanes[L][L], turned[L][L], total[L], base[L];
    REDUCE_INPUT rest[2][L][L]; /* of x and of z */
    const int64_t inner = order->inner, whole = inner - inner % L;
    for (int r = 0; r < L; r++) {
        base[r] = REDUCE_BASED ? out[r] : 0;
        total[r] = REDUCE_START;
    }
    (void)base, (void)z;
    if (whole > 0) {
        for (int r = 0; r < L; r++) {
            REDUCE_RESULT lane[L];
            for (int l = 0; l < L; l++)
                lane[l] = REDUCE_START;
            for (int64_t i = 0; i < whole; i += L) {
                REDUCE_SIMD
                for (int l = 0; l < L; l++)
                    lane[l] =
                        REDUCE_COMBINE(lane[l], REDUCE_TERM(x, z, r * inner + i + l, base[r]));
            }
            REDUCE_SIMD
            for (int l = 0; l < L; l++)
                lanes[r][l] = lane[l];
        }
        yg_turn_for(sizeof(REDUCE_RESULT))(turned, L, lanes, L, L, L);
        for (int width = L / 2; width > 0; width /= 2)
            for (int l = 0; l < width; l++) {
                REDUCE_SIMD
                for (int r = 0; r < L; r++)
                    turned[l][r] = REDUCE_COMBINE(turned[l][r], turned[l + width][r]);
            }
        memcpy(total, turned[0], sizeof total);
    }
    if (whole < inner)
        yg_turn_for(sizeof(REDUCE_INPUT))(rest[0], L, x + whole, inner, inner - whole, L);
#ifdef REDUCE_TWO
    if (whole < inner)
        yg_turn_for(sizeof(REDUCE_INPUT))(rest[1], L, z + whole, inner, inner - whole, L);
#endif
    for (int64_t i = 0; i < inner - whole; i++) {
        REDUCE_SIMD
        for (int r = 0; r < L; r++)
            total[r] = REDUCE_COMBINE(total[r], REDUCE_TERM(rest[0][i], rest[1][i], r, base[r]));
    }
    REDUCE_SIMD
    for (int r = 0; r < L; r++)
        out[r] = REDUCE_FINISH(total[r], base[r]);
}
#endif

/* Adds one block to the binary counter of the opening comment, for `width` columns at once. `total`
 * is the block's result; it is overwritten. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _push)(REDUCE_RESULT level[][REDUCE_COLUMNS], uint64_t *blocks,
                                int64_t width, REDUCE_RESULT *total) {
    int l = 0;
    for (uint64_t bits = (*blocks)++; bits & 1; bits >>= 1, l++)
        for (int64_t j = 0; j < width; j++)
            total[j] = REDUCE_COMBINE(level[l][j], total[j]);
    for (int64_t j = 0; j < width; j++)
        level[l][j] = total[j];
}

/* Combines all levels of the counter into `total`. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _collect)(REDUCE_RESULT level[][REDUCE_COLUMNS], uint64_t blocks,
                                   int64_t width, REDUCE_RESULT *total) {
    for (int64_t j = 0; j < width; j++)
        total[j] = REDUCE_START;
    for (int l = 0; blocks != 0; blocks >>= 1, l++)
        if (blocks & 1)
            for (int64_t j = 0; j < width; j++)
                total[j] = REDUCE_COMBINE(level[l][j], total[j]);
}

#if !REDUCE_FUNCTIONS
/* The same as _columns below, faster where there are few columns and a single block of rows: goes
 * down one column after the other. Gives the same bits. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _few_columns)(const yg_reduction *order, REDUCE_OPERANDS, int64_t width,
                                       REDUCE_RESULT *out) {
    const int64_t stride = order->reduced_rank > 0 ? order->reduced_stride[0] : 0;
    for (int64_t j = 0; j < width; j++) {
        const REDUCE_RESULT base = REDUCE_BASED ? out[j] : 0;
        (void)base, (void)z;
        REDUCE_RESULT total = REDUCE_START;
        for (int64_t row = 0; row < order->rows; row++)
            total = REDUCE_COMBINE(total, REDUCE_TERM(x, z, row * stride + j, base));
        out[j] = REDUCE_FINISH(total, base);
    }
}
#endif

#if !REDUCE_FUNCTIONS
/* Combines REDUCE_SIDE rows, which begin at `at`, with total[0 .. width), one after the other. The
 * totals are loaded and stored once for all of them. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _few_rows)(REDUCE_OPERANDS, const int64_t at[REDUCE_SIDE], int64_t width,
                                    const REDUCE_RESULT *base, REDUCE_RESULT *total) {
    _Static_assert(REDUCE_SIDE == 4, "as many rows as there are here");
    const int64_t a = at[0], b = at[1], c = at[2], d = at[3];
    (void)base, (void)z;
    REDUCE_SIMD
    for (int64_t j = 0; j < width; j++) {
        REDUCE_RESULT sum = REDUCE_COMBINE(total[j], REDUCE_TERM(x, z, a + j, base[j]));
        sum = REDUCE_COMBINE(sum, REDUCE_TERM(x, z, b + j, base[j]));
        sum = REDUCE_COMBINE(sum, REDUCE_TERM(x, z, c + j, base[j]));
        total[j] = REDUCE_COMBINE(sum, REDUCE_TERM(x, z, d + j, base[j]));
    }
}
#endif

/* Computes out[0 .. width) where x is contiguous along a kept dimension: goes through x row by row,
 * all columns at a time. width ≤ REDUCE_COLUMNS. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _columns)(const yg_reduction *order, REDUCE_OPERANDS, int64_t width,
                                   REDUCE_RESULT *out) {
#if !REDUCE_FUNCTIONS
    if (width < REDUCE_LANES && order->rows <= REDUCE_ROWS && order->reduced_rank <= 1) {
        REDUCE_JOIN(REDUCE_NAME, _few_columns)(order, REDUCE_FROM(0), width, out);
        return;
    }
#endif
    REDUCE_RESULT level[REDUCE_ROW_LEVELS][REDUCE_COLUMNS];
    REDUCE_RESULT total[REDUCE_COLUMNS], base[REDUCE_COLUMNS] = {0};
    REDUCE_INPUT padded[REDUCE_COLUMNS] = {0};
    (void)base, (void)z;
    for (int64_t j = 0; REDUCE_BASED && j < width; j++)
        base[j] = out[j];
    const int64_t whole = (width + REDUCE_LANES - 1) / REDUCE_LANES * REDUCE_LANES;
    uint64_t blocks = 0;
    int64_t index[YG_MAX_RANK] = {0}, offset = 0;
    for (int64_t j = 0; j < whole; j++)
        total[j] = REDUCE_START;
    for (int64_t row = 0; row < order->rows;) {
        for (int64_t j = 0; row > 0 && j < whole; j++)
            total[j] = REDUCE_START;
        const int64_t stop = order->rows - row < REDUCE_ROWS ? order->rows : row + REDUCE_ROWS;
#if !REDUCE_FUNCTIONS
        for (; row + REDUCE_SIDE <= stop; row += REDUCE_SIDE) {
            int64_t at[REDUCE_SIDE];
            for (int b = 0; b < REDUCE_SIDE; b++) {
                at[b] = offset;
                offset = yg_strides_next(order->reduced_rank, order->reduced_size,
                                         order->reduced_stride, index, offset);
            }
            REDUCE_JOIN(REDUCE_NAME, _few_rows)(REDUCE_FROM(0), at, width, base, total);
        }
#endif
        for (; row < stop; row++) {
            if (REDUCE_FUNCTIONS) {
                memcpy(padded, x + offset, (size_t)width * sizeof *padded);
                for (int64_t j = 0; j < width; j += REDUCE_LANES) {
                    REDUCE_SIMD
                    for (int64_t l = j; l < j + REDUCE_LANES; l++)
                        total[l] =
                            REDUCE_COMBINE(total[l], REDUCE_TERM(padded, padded, l, base[l]));
                }
            } else {
                REDUCE_SIMD
                for (int64_t j = 0; j < width; j++)
                    total[j] = REDUCE_COMBINE(total[j], REDUCE_TERM(x, z, offset + j, base[j]));
            }
            offset = yg_strides_next(order->reduced_rank, order->reduced_size,
                                     order->reduced_stride, index, offset);
        }
        if (order->rows <= REDUCE_ROWS) /* a single block: there is nothing to combine it with */
            break;
        REDUCE_JOIN(REDUCE_NAME, _push)(level, &blocks, width, total);
    }
    if (blocks != 0)
        REDUCE_JOIN(REDUCE_NAME, _collect)(level, blocks, width, total);
    for (int64_t j = 0; j < width; j += REDUCE_LANES) {
        REDUCE_SIMD
        for (int64_t l = j; l < j + REDUCE_LANES; l++)
            total[l] = REDUCE_FINISH(total[l], base[l]);
    }
    for (int64_t j = 0; j < width; j++)
        out[j] = total[j];
}

/* What the functions to be defined have for the operands. */
#ifdef REDUCE_TWO
#define REDUCE_GIVEN REDUCE_OPERANDS
#define REDUCE_SECOND()
#else
#define REDUCE_GIVEN    const REDUCE_INPUT *x
#define REDUCE_SECOND() const REDUCE_INPUT *const z = x
#endif

/* The kernel: computes out[begin .. end). */
YG_MULTIVERSION static void REDUCE_NAME(const yg_reduction *order, REDUCE_GIVEN, REDUCE_RESULT *out,
                                        int64_t begin, int64_t end) {
    REDUCE_SECOND();
    if (begin >= end)
        return;
    const int64_t inner = order->inner_reduced ? 1 : order->inner; /* columns of the result */
    int64_t index[YG_MAX_RANK] = {0}, offset = 0, column = 0;
    if (begin > 0) { /* skipped at 0: the divisions take longer than a small reduction */
        offset = yg_strides_seek(order->kept_rank, order->kept_size, order->kept_stride, index,
                                 begin / inner);
        column = begin % inner;
    }
    int64_t o = begin;
#if !REDUCE_FUNCTIONS
    if (order->inner_reduced && order->rows == 1 && order->inner <= REDUCE_SHORT_ROW) {
        for (; end - o >= REDUCE_LANES; o += REDUCE_LANES)
            REDUCE_JOIN(REDUCE_NAME, _short_rows)(order, REDUCE_FROM(o * order->inner), out + o);
    } else if (order->inner_reduced && order->rows == 1 && order->kept_rank == 1) {
        for (; end - o >= REDUCE_SIDE && order->inner <= REDUCE_SIDE_ROW; o += REDUCE_SIDE)
            REDUCE_JOIN(REDUCE_NAME, _side_rows)(order, REDUCE_FROM(o * order->inner), out + o);
    }
    if (o == end)
        return;
    if (o > begin) {
        offset = o * order->inner;
        index[0] = o;
    }
#endif
    while (o < end) {
        if (order->inner_reduced) {
            const REDUCE_RESULT base = REDUCE_BASED ? out[o] : 0;
            out[o] = REDUCE_FINISH(
                REDUCE_JOIN(REDUCE_NAME, _runs)(order, REDUCE_FROM(offset), base), base);
            o++;
            column = 1;
        } else {
            int64_t width = inner - column < REDUCE_COLUMNS ? inner - column : REDUCE_COLUMNS;
            width = end - o < width ? end - o : width;
            REDUCE_JOIN(REDUCE_NAME, _columns)(order, REDUCE_FROM(offset + column), width, out + o);
            o += width;
            column += width;
        }
        if (column == inner) {
            column = 0;
            offset = yg_strides_next(order->kept_rank, order->kept_size, order->kept_stride, index,
                                     offset);
        }
    }
}

#ifdef REDUCE_PARTS

/* Reduces parts [begin, end) and writes one block's result for each. A part is one block, so the
 * bits are those of the kernel; yg_reduction_plan_parts() sees to that. */
YG_MULTIVERSION static void REDUCE_JOIN(REDUCE_NAME, _part)(const yg_reduction *order, REDUCE_GIVEN,
                                                            REDUCE_RESULT *out, int64_t begin,
                                                            int64_t end) {
    REDUCE_SECOND();
    for (int64_t part = begin; part < end && order->inner_reduced; part++) {
        const int64_t at = part * REDUCE_BLOCK, rest = order->inner - at;
        out[part] = REDUCE_JOIN(REDUCE_NAME, _run)(
            REDUCE_FROM(at), rest < REDUCE_BLOCK ? rest : REDUCE_BLOCK, REDUCE_START);
    }
    yg_reduction block = *order;
    for (int64_t part = begin; part < end && !order->inner_reduced; part++) {
        const int64_t row = part * REDUCE_ROWS, rest = order->rows - row;
        block.rows = rest < REDUCE_ROWS ? rest : REDUCE_ROWS;
        for (int64_t j = 0; j < order->inner; j += REDUCE_COLUMNS) {
            const int64_t left = order->inner - j;
            REDUCE_JOIN(REDUCE_NAME, _columns)
            (&block, REDUCE_FROM(row * order->inner + j),
             left < REDUCE_COLUMNS ? left : REDUCE_COLUMNS, out + part * order->inner + j);
        }
    }
}

/* Combines the results of all parts, x, as the kernel combines its blocks. */
__attribute__((unused)) YG_MULTIVERSION static void
REDUCE_JOIN(REDUCE_NAME, _finish)(const yg_reduction *order, const REDUCE_RESULT *x,
                                  REDUCE_RESULT *out) {
    const int64_t size = order->inner_reduced ? order->inner : order->rows;
    const int64_t block = order->inner_reduced ? REDUCE_BLOCK : REDUCE_ROWS;
    const int64_t columns = order->inner_reduced ? 1 : order->inner;
    const int64_t parts = (size + block - 1) / block;
    REDUCE_RESULT level[REDUCE_ROW_LEVELS][REDUCE_COLUMNS], total[REDUCE_COLUMNS];
    for (int64_t start = 0; start < columns; start += REDUCE_COLUMNS) {
        const int64_t left = columns - start;
        const int64_t width = left < REDUCE_COLUMNS ? left : REDUCE_COLUMNS;
        uint64_t blocks = 0;
        for (int64_t part = 0; part < parts; part++) {
            memcpy(total, x + part * columns + start, (size_t)width * sizeof *total);
            REDUCE_JOIN(REDUCE_NAME, _push)(level, &blocks, width, total);
        }
        if (parts > 1)
            REDUCE_JOIN(REDUCE_NAME, _collect)(level, blocks, width, total);
        memcpy(out + start, parts > 1 ? total : level[0], (size_t)width * sizeof *out);
    }
}

#endif

#undef REDUCE_NAME
#undef REDUCE_INPUT
#undef REDUCE_RESULT
#undef REDUCE_JOIN
#undef REDUCE_JOIN_
#undef REDUCE_TERM
#undef REDUCE_FROM
#undef REDUCE_OPERANDS
#undef REDUCE_GIVEN
#undef REDUCE_SECOND
