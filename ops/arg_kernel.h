/*
 * The common code of argmax and argmin: attributes, shape rule, samples, and a macro for the
 * kernels.
 */
#ifndef YG_OPS_ARG_KERNEL_H
#define YG_OPS_ARG_KERNEL_H

#include "multiversion.h"
#include "reduction.h"

#define YG_ARG_SAMPLES 12
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

enum {
    YG_ARG_COLUMNS = 256,  /* neighbours that are searched together, at most */
    YG_ARG_LANES = 16,     /* rows that are transposed together */
    YG_ARG_SHORT_ROW = 64, /* rows of so many elements are transposed */
    YG_ARG_BLOCK = 64,     /* elements of a long row that are compared together */
};

/* How a kernel searches. */
typedef struct yg_arg_search {
    size_t size; /* bytes of an element */
    /* Searches the `length` elements of each of `width` columns; a row of columns is `stride`
     * elements behind the one before. */
    void (*columns)(const void *x, int64_t stride, int64_t length, int64_t width, int64_t *at);
    /* Where the best of `length` neighbours is. */
    int64_t (*row)(const void *x, int64_t length);
} yg_arg_search;

/* A kernel: short rows are transposed, long ones are searched one by one. If the searched elements
 * are no neighbours, many columns are searched together, row by row, so that memory is read in
 * order. */
void yg_arg_run(const yg_arg_search *search, const yg_kernel_call *call);

/* Defines a kernel. before(a, b) must say whether a is strictly better than b, and same(a, b)
 * whether neither is. The kernel finds the first element that no other is better than. In a row the
 * best value is found first, then its place: both can be done with vectors. */
#define YG_ARG_KERNEL(function, type, before, same)                                                \
    YG_MULTIVERSION static void function##_columns(const void *from, int64_t stride,               \
                                                   int64_t length, int64_t width, int64_t *at) {   \
        const type *x = from;                                                                      \
        type best[YG_ARG_COLUMNS];                                                                 \
        int64_t place[YG_ARG_COLUMNS];                                                             \
        for (int64_t j = 0; j < width; j++) {                                                      \
            best[j] = x[j];                                                                        \
            place[j] = 0;                                                                          \
        }                                                                                          \
        for (int64_t i = 1; i < length; i++) {                                                     \
            x += stride;                                                                           \
            _Pragma("omp simd") for (int64_t j = 0; j < width; j++) {                              \
                const type element = x[j], other = best[j];                                        \
                const int64_t there = place[j];                                                    \
                best[j] = before(element, other) ? element : other;                                \
                place[j] = before(element, other) ? i : there;                                     \
            }                                                                                      \
        }                                                                                          \
        for (int64_t j = 0; j < width; j++)                                                        \
            at[j] = place[j];                                                                      \
    }                                                                                              \
    YG_MULTIVERSION static int64_t function##_row(const void *from, int64_t length) {              \
        const type *x = from;                                                                      \
        type best = x[0], lane[YG_ARG_BLOCK];                                                      \
        int64_t i = 0;                                                                             \
        for (int l = 0; l < YG_ARG_BLOCK; l++)                                                     \
            lane[l] = x[0];                                                                        \
        for (; i + YG_ARG_BLOCK <= length; i += YG_ARG_BLOCK) {                                    \
            _Pragma("omp simd") for (int l = 0; l < YG_ARG_BLOCK; l++) lane[l] =                   \
                before(x[i + l], lane[l]) ? x[i + l] : lane[l];                                    \
        }                                                                                          \
        for (int width = YG_ARG_BLOCK / 2; width > 0; width /= 2)                                  \
            _Pragma("omp simd") for (int l = 0; l < width; l++) lane[l] =                          \
                before(lane[l + width], lane[l]) ? lane[l + width] : lane[l];                      \
        best = lane[0];                                                                            \
        for (; i < length; i++)                                                                    \
            best = before(x[i], best) ? x[i] : best;                                               \
        for (i = 0; i + YG_ARG_BLOCK <= length; i += YG_ARG_BLOCK) {                               \
            uint32_t found = 0;                                                                    \
            for (int l = 0; l < YG_ARG_BLOCK; l++)                                                 \
                found |= (uint32_t)(same(x[i + l], best));                                         \
            if (found)                                                                             \
                break;                                                                             \
        }                                                                                          \
        while (!(same(x[i], best)))                                                                \
            i++;                                                                                   \
        return i;                                                                                  \
    }                                                                                              \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        static const yg_arg_search search = {                                                      \
            .size = sizeof(type), .columns = function##_columns, .row = function##_row};           \
        (void)error;                                                                               \
        yg_arg_run(&search, call);                                                                 \
        return true;                                                                               \
    }

#endif
