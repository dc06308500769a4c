/*
 * What argmax and argmin share.
 */
#ifndef YG_OPS_ARG_KERNEL_H
#define YG_OPS_ARG_KERNEL_H

#include "reduction.h"

#define YG_ARG_SAMPLES 9
extern const yg_attr_spec yg_arg_attrs[2];
extern const yg_sample yg_arg_samples[YG_ARG_SAMPLES];

/* x without the one dimension that `dim` names (or all), as i64. */
bool yg_arg_infer(const yg_infer *call, yg_type *result, yg_error *error);

/* x as [outer, length, inner], of which the middle is searched. */
typedef struct yg_arg_box {
    int64_t length, inner;
} yg_arg_box;

yg_arg_box yg_arg_box_of(const yg_type *x, const yg_attr *dim);

/* A kernel that finds the first element such that no other comes before it: before(a, b) says
 * whether a is strictly to be preferred. Columns are searched side by side, row by row. */
#define YG_ARG_COLUMNS 64
#define YG_ARG_KERNEL(function, type, before)                                                      \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_arg_box box = yg_arg_box_of(call->in_types[0], &call->attrs[0]);                  \
        int64_t o = call->begin;                                                                   \
        for (; box.inner == 1 && o < call->end; o++) {                                             \
            const type *x = (const type *)call->in[0] + o * box.length;                            \
            int64_t at = 0;                                                                        \
            for (int64_t i = 1; i < box.length; i++)                                               \
                at = before(x[i], x[at]) ? i : at;                                                 \
            ((int64_t *)call->out)[o] = at;                                                        \
        }                                                                                          \
        while (o < call->end) {                                                                    \
            const int64_t column = o % box.inner;                                                  \
            int64_t width =                                                                        \
                box.inner - column < call->end - o ? box.inner - column : call->end - o;           \
            width = width < YG_ARG_COLUMNS ? width : YG_ARG_COLUMNS;                               \
            const type *x =                                                                        \
                (const type *)call->in[0] + o / box.inner * box.length * box.inner + column;       \
            type best[YG_ARG_COLUMNS];                                                             \
            int64_t *at = (int64_t *)call->out + o;                                                \
            for (int64_t j = 0; j < width; j++) {                                                  \
                best[j] = x[j];                                                                    \
                at[j] = 0;                                                                         \
            }                                                                                      \
            for (int64_t i = 1; i < box.length; i++) {                                             \
                x += box.inner;                                                                    \
                for (int64_t j = 0; j < width; j++) {                                              \
                    if (before(x[j], best[j])) {                                                   \
                        best[j] = x[j];                                                            \
                        at[j] = i;                                                                 \
                    }                                                                              \
                }                                                                                  \
            }                                                                                      \
            o += width;                                                                            \
        }                                                                                          \
        return true;                                                                               \
    }

#endif
