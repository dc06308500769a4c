/*
 * The common code of argmax and argmin: attributes, shape rule, samples, and a macro for the
 * kernels.
 */
#ifndef YG_OPS_ARG_KERNEL_H
#define YG_OPS_ARG_KERNEL_H

#include "reduction.h"

#define YG_ARG_SAMPLES 9
extern const yg_attr_spec yg_arg_attrs[2];
extern const yg_sample yg_arg_samples[YG_ARG_SAMPLES];

/* Shape rule: x's shape without the dimension `dim`, or with size 1 in its place; i64. Fails if
 * `dim` names more than one dimension, and if the searched dimension is empty. */
bool yg_arg_infer(const yg_infer *call, yg_type *result, yg_error *error);

/* x seen as [outer, length, inner]. The kernel searches along `length`; without `dim` that is all
 * of x. */
typedef struct yg_arg_box {
    int64_t length; /* elements that one result is chosen from */
    int64_t inner;  /* the distance between two of them, in elements */
} yg_arg_box;

yg_arg_box yg_arg_box_of(const yg_type *x, const yg_attr *dim);

/* Defines a kernel. before(a, b) must say whether a is strictly better than b. The kernel finds the
 * first element that no other is better than. If the searched elements are not neighbours
 * (inner > 1), it searches up to YG_ARG_COLUMNS columns together, row by row, so that it reads
 * memory in order. */
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
