/*
 * Kernels that run along a dimension and keep a state: cumsum, cumprod, cummax, cummin,
 * linear_recurrence. An operator says how a state takes in one element; this file goes through the
 * tensor.
 *
 * A sum waits for the one before it. So many of them are computed side by side, in the lanes of
 * vectors: neighbours in memory, or rows that are transposed first. The elements of one row are
 * combined strictly one after the other in either case, so the bits are the same.
 */
#ifndef YG_OPS_SCAN_H
#define YG_OPS_SCAN_H

#include "../graph/op.h"
#include "multiversion.h"

/* Operands and results, at most. */
#define YG_SCAN_OPERANDS 2
#define YG_SCAN_RESULTS  2

enum {
    YG_SCAN_LANES = 16,     /* rows that are transposed together */
    YG_SCAN_COLUMNS = 1024, /* neighbours that are computed together, at most */
    YG_SCAN_STATE = 16,     /* bytes of a state, at most */
};

/* Takes in `steps` elements of each of `width` rows. Element i of row j is element i · stride + j
 * of x[0], and of x[1] if there are two operands. What it gives is written to the same place of
 * each result; y[1] may be NULL. The rows are at element `first`, which is 0 or the first after
 * those of the last call; with `reverse` it counts from the end, and a call goes from its last
 * element to its first. `state` is that of the last call. */
typedef void (*yg_scan_steps)(void *state, const void *const *x, void *const *y, int64_t stride,
                              int64_t first, int64_t steps, int64_t width, bool reverse);

typedef struct yg_scan {
    yg_scan_steps steps;
    /* Bytes of an element; 0 where there is no second operand or result. */
    size_t x_size[YG_SCAN_OPERANDS], y_size[YG_SCAN_RESULTS];
    bool reverse;
} yg_scan;

/* A kernel: runs along the dimension of attribute 0, for the units [call->begin, call->end), each
 * of which is one index into the dimensions before it. */
void yg_scan_run(const yg_scan *scan, const yg_kernel_call *call);

/* Defines a yg_scan_steps with one result, (output)state. `combine(a, b)` is the new state. */
#define YG_SCAN_STEPS(function, input, total, output, start, combine)                              \
    static inline __attribute__((always_inline)) void function##_width(                            \
        total *state, const input *x, output *y, int64_t stride, int64_t steps, int64_t width,     \
        bool reverse) {                                                                            \
        for (int64_t s = 0; s < steps; s++) {                                                      \
            const int64_t row = (reverse ? steps - 1 - s : s) * stride;                            \
            _Pragma("omp simd") for (int64_t j = 0; j < width; j++) {                              \
                state[j] = combine(state[j], (total)x[row + j]);                                   \
                y[row + j] = (output)state[j];                                                     \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    YG_MULTIVERSION static void function(void *state, const void *const *x, void *const *y,        \
                                         int64_t stride, int64_t first, int64_t steps,             \
                                         int64_t width, bool reverse) {                            \
        total *sums = state, own[YG_SCAN_LANES];                                                   \
        const bool few = width == 1 || width == YG_SCAN_LANES;                                     \
        for (int64_t j = 0; j < width && first == 0; j++)                                          \
            sums[j] = (start);                                                                     \
        for (int64_t j = 0; j < width && few; j++)                                                 \
            own[j] = sums[j];                                                                      \
        if (width == 1)                                                                            \
            function##_width(own, x[0], y[0], stride, steps, 1, reverse);                          \
        else if (width == YG_SCAN_LANES)                                                           \
            function##_width(own, x[0], y[0], stride, steps, YG_SCAN_LANES, reverse);              \
        else                                                                                       \
            function##_width(sums, x[0], y[0], stride, steps, width, reverse);                     \
        for (int64_t j = 0; j < width && few; j++)                                                 \
            sums[j] = own[j];                                                                      \
    }

/* Defines the kernel of it. */
#define YG_SCAN_KERNEL(function, input, total, output, start, combine, reversed)                   \
    YG_SCAN_STEPS(function##_steps, input, total, output, start, combine)                          \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_scan scan = {.steps = function##_steps,                                           \
                              .x_size = {sizeof(input)},                                           \
                              .y_size = {sizeof(output)},                                          \
                              .reverse = (reversed)};                                              \
        yg_scan_run(&scan, call);                                                                  \
        return true;                                                                               \
    }

#endif
