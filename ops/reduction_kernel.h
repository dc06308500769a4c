/*
 * A reduction's kernel, to be included once for each operator and element type (no include guard).
 * Before it, define
 *
 *   REDUCE_NAME             the function to define: bool NAME(const yg_reduction *plan, …)
 *   REDUCE_INPUT            the type of x's elements
 *   REDUCE_RESULT           the type of the result's, in which it is computed
 *   REDUCE_START            the result over no elements
 *   REDUCE_MAP(x, base)     what is combined; `base` is what `out` held before the call at the
 *                           element of the result that x belongs to (a maximum, a mean)
 *   REDUCE_COMBINE(a, b)    associative
 *   REDUCE_FINISH(a, base)  the result
 *   REDUCE_BASED            1 if `base` is used, else 0
 *   REDUCE_FUNCTIONS        1 if REDUCE_MAP or REDUCE_FINISH call functions of <math.h>, whose
 *                           vector form may differ from the scalar one in the last bit: columns
 *                           are then computed in whole blocks of REDUCE_LANES, so that their bits
 *                           do not depend on where a call begins; else 0
 *
 * of which the first three are undefined again at its end, and REDUCE_PARTS where the reduction is
 * to be had in parts too (yg_op_plan.parts); REDUCE_FINISH must leave its operand as it is then.
 * Order: up to REDUCE_BLOCK neighbours are combined over 16 running results, and the blocks in
 * pairs, pairs of pairs and so on. Rounding errors of a sum so grow with the logarithm of the
 * count. The order depends on the shape alone.
 */
#include "multiversion.h"
#include "reduction.h"
#include "strides.h"

#include <string.h>

#define REDUCE_JOIN_(a, b) a##b
#define REDUCE_JOIN(a, b)  REDUCE_JOIN_(a, b)

/* A contiguous run of at most REDUCE_BLOCK elements. */
static inline __attribute__((always_inline)) REDUCE_RESULT
REDUCE_JOIN(REDUCE_NAME, _run)(const REDUCE_INPUT *x, int64_t n, REDUCE_RESULT base) {
    (void)base;
    REDUCE_RESULT total = REDUCE_START;
    int64_t i = 0;
    if (n >= REDUCE_LANES) {
        REDUCE_RESULT lane[REDUCE_LANES];
        for (int l = 0; l < REDUCE_LANES; l++)
            lane[l] = REDUCE_START;
        for (; i + REDUCE_LANES <= n; i += REDUCE_LANES) {
            REDUCE_SIMD
            for (int l = 0; l < REDUCE_LANES; l++)
                lane[l] = REDUCE_COMBINE(lane[l], REDUCE_MAP(x[i + l], base));
        }
        for (int width = REDUCE_LANES / 2; width > 0; width /= 2)
            for (int l = 0; l < width; l++)
                lane[l] = REDUCE_COMBINE(lane[l], lane[l + width]);
        total = lane[0];
    }
    for (; i < n; i++)
        total = REDUCE_COMBINE(total, REDUCE_MAP(x[i], base));
    return total;
}

/* One element of the result, where x is contiguous along a reduced dimension. */
static inline __attribute__((always_inline)) REDUCE_RESULT
REDUCE_JOIN(REDUCE_NAME, _runs)(const yg_reduction *plan, const REDUCE_INPUT *x,
                                REDUCE_RESULT base) {
    if (plan->rows == 1 && plan->inner <= REDUCE_BLOCK)
        return REDUCE_JOIN(REDUCE_NAME, _run)(x, plan->inner, base);
    /* level[l] holds 2^l blocks wherever bit l of `blocks` is set. */
    REDUCE_RESULT level[REDUCE_LEVELS];
    uint64_t blocks = 0;
    int64_t index[YG_MAX_RANK] = {0}, offset = 0;
    for (int64_t row = 0; row < plan->rows; row++) {
        for (int64_t i = 0; i < plan->inner; i += REDUCE_BLOCK) {
            const int64_t rest = plan->inner - i;
            REDUCE_RESULT value = REDUCE_JOIN(REDUCE_NAME, _run)(
                x + offset + i, rest < REDUCE_BLOCK ? rest : REDUCE_BLOCK, base);
            int l = 0;
            for (uint64_t bits = blocks++; bits & 1; bits >>= 1, l++)
                value = REDUCE_COMBINE(level[l], value);
            level[l] = value;
        }
        offset = yg_strides_next(plan->reduced_rank, plan->reduced_size, plan->reduced_stride,
                                 index, offset);
    }
    REDUCE_RESULT total = REDUCE_START;
    for (int l = 0; blocks != 0; blocks >>= 1, l++)
        if (blocks & 1)
            total = REDUCE_COMBINE(level[l], total);
    return total;
}

/* One more block of `width` neighbours joins the blocks before it: level[l] holds 2^l blocks
 * wherever bit l of *blocks is set. Uses up `total`. */
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

/* All blocks together. */
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
/* The same as below for a few columns of one block: column by column. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _few_columns)(const yg_reduction *plan, const REDUCE_INPUT *x,
                                       int64_t width, REDUCE_RESULT *out) {
    const int64_t stride = plan->reduced_rank > 0 ? plan->reduced_stride[0] : 0;
    for (int64_t j = 0; j < width; j++) {
        const REDUCE_RESULT base = REDUCE_BASED ? out[j] : 0;
        (void)base;
        REDUCE_RESULT total = REDUCE_START;
        for (int64_t row = 0; row < plan->rows; row++)
            total = REDUCE_COMBINE(total, REDUCE_MAP(x[row * stride + j], base));
        out[j] = REDUCE_FINISH(total, base);
    }
}
#endif

/* `width` neighbours of the result, where x is contiguous along a kept dimension: row by row. */
static inline __attribute__((always_inline)) void
REDUCE_JOIN(REDUCE_NAME, _columns)(const yg_reduction *plan, const REDUCE_INPUT *x, int64_t width,
                                   REDUCE_RESULT *out) {
#if !REDUCE_FUNCTIONS
    if (width < REDUCE_LANES && plan->rows <= REDUCE_ROWS && plan->reduced_rank <= 1) {
        REDUCE_JOIN(REDUCE_NAME, _few_columns)(plan, x, width, out);
        return;
    }
#endif
    REDUCE_RESULT level[REDUCE_ROW_LEVELS][REDUCE_COLUMNS];
    REDUCE_RESULT total[REDUCE_COLUMNS], base[REDUCE_COLUMNS] = {0};
    REDUCE_INPUT padded[REDUCE_COLUMNS] = {0};
    (void)base;
    for (int64_t j = 0; REDUCE_BASED && j < width; j++)
        base[j] = out[j];
    const int64_t whole = (width + REDUCE_LANES - 1) / REDUCE_LANES * REDUCE_LANES;
    uint64_t blocks = 0;
    int64_t index[YG_MAX_RANK] = {0}, offset = 0;
    for (int64_t j = 0; j < whole; j++)
        total[j] = REDUCE_START;
    for (int64_t row = 0; row < plan->rows;) {
        for (int64_t j = 0; row > 0 && j < whole; j++)
            total[j] = REDUCE_START;
        const int64_t stop = plan->rows - row < REDUCE_ROWS ? plan->rows : row + REDUCE_ROWS;
        for (; row < stop; row++) {
            const REDUCE_INPUT *from = x + offset;
            if (REDUCE_FUNCTIONS) {
                memcpy(padded, from, (size_t)width * sizeof *from);
                for (int64_t j = 0; j < width; j += REDUCE_LANES) {
                    REDUCE_SIMD
                    for (int64_t l = j; l < j + REDUCE_LANES; l++)
                        total[l] = REDUCE_COMBINE(total[l], REDUCE_MAP(padded[l], base[l]));
                }
            } else {
                REDUCE_SIMD
                for (int64_t j = 0; j < width; j++)
                    total[j] = REDUCE_COMBINE(total[j], REDUCE_MAP(from[j], base[j]));
            }
            offset = yg_strides_next(plan->reduced_rank, plan->reduced_size, plan->reduced_stride,
                                     index, offset);
        }
        if (plan->rows <= REDUCE_ROWS) /* one block: its result is the whole */
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

/* Elements [begin, end) of the result. */
YG_MULTIVERSION static void REDUCE_NAME(const yg_reduction *plan, const REDUCE_INPUT *x,
                                        REDUCE_RESULT *out, int64_t begin, int64_t end) {
    if (begin >= end)
        return;
    const int64_t inner = plan->inner_reduced ? 1 : plan->inner; /* columns of the result */
    int64_t index[YG_MAX_RANK] = {0}, offset = 0, column = 0;
    if (begin > 0) { /* dividing takes longer than a small reduction */
        offset = yg_strides_seek(plan->kept_rank, plan->kept_size, plan->kept_stride, index,
                                 begin / inner);
        column = begin % inner;
    }
    for (int64_t o = begin; o < end;) {
        if (plan->inner_reduced) {
            const REDUCE_RESULT base = REDUCE_BASED ? out[o] : 0;
            out[o] = REDUCE_FINISH(REDUCE_JOIN(REDUCE_NAME, _runs)(plan, x + offset, base), base);
            o++;
            column = 1;
        } else {
            int64_t width = inner - column < REDUCE_COLUMNS ? inner - column : REDUCE_COLUMNS;
            width = end - o < width ? end - o : width;
            REDUCE_JOIN(REDUCE_NAME, _columns)(plan, x + offset + column, width, out + o);
            o += width;
            column += width;
        }
        if (column == inner) {
            column = 0;
            offset =
                yg_strides_next(plan->kept_rank, plan->kept_size, plan->kept_stride, index, offset);
        }
    }
}

#ifdef REDUCE_PARTS

/* Parts [begin, end), as yg_reduction_parts() cuts them: blocks of the order above. */
YG_MULTIVERSION static void REDUCE_JOIN(REDUCE_NAME,
                                        _part)(const yg_reduction *plan, const REDUCE_INPUT *x,
                                               REDUCE_RESULT *out, int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end && plan->inner_reduced; part++) {
        const int64_t at = part * REDUCE_BLOCK, rest = plan->inner - at;
        out[part] = REDUCE_JOIN(REDUCE_NAME, _run)(
            x + at, rest < REDUCE_BLOCK ? rest : REDUCE_BLOCK, REDUCE_START);
    }
    yg_reduction block = *plan;
    for (int64_t part = begin; part < end && !plan->inner_reduced; part++) {
        const int64_t row = part * REDUCE_ROWS, rest = plan->rows - row;
        block.rows = rest < REDUCE_ROWS ? rest : REDUCE_ROWS;
        for (int64_t j = 0; j < plan->inner; j += REDUCE_COLUMNS) {
            const int64_t left = plan->inner - j;
            REDUCE_JOIN(REDUCE_NAME, _columns)
            (&block, x + row * plan->inner + j, left < REDUCE_COLUMNS ? left : REDUCE_COLUMNS,
             out + part * plan->inner + j);
        }
    }
}

/* The result of all parts. */
YG_MULTIVERSION static void REDUCE_JOIN(REDUCE_NAME, _finish)(const yg_reduction *plan,
                                                              const REDUCE_RESULT *x,
                                                              REDUCE_RESULT *out) {
    const int64_t size = plan->inner_reduced ? plan->inner : plan->rows;
    const int64_t block = plan->inner_reduced ? REDUCE_BLOCK : REDUCE_ROWS;
    const int64_t columns = plan->inner_reduced ? 1 : plan->inner;
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
