/*
 * What cummax and cummin share: the extreme of the elements so far along dimension `dim`, and where
 * it is. Two results, as in PyTorch: values, of x's type, and indices, i64. Of equal elements the
 * last one is taken. From a NaN on everything is NaN.
 */
#ifndef YG_OPS_RUNNING_EXTREME_H
#define YG_OPS_RUNNING_EXTREME_H

#include "../graph/graph.h"
#include "scan.h"

enum { YG_RUNNING_VALUES, YG_RUNNING_INDICES }; /* results */

enum { YG_RUNNING_ATTRS = 1, YG_RUNNING_SAMPLES = 10 };
extern const yg_attr_spec yg_running_attrs[YG_RUNNING_ATTRS];
extern const yg_sample yg_running_samples[YG_RUNNING_SAMPLES];

bool yg_running_infer(const yg_infer *call, yg_type *results, yg_error *error);
void yg_running_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);
/* The values' cotangent, each element added where it came from. */
yg_node yg_running_vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k);
/* `sign` is 1 for the largest element, -1 for the smallest. */
double yg_running_reference(const yg_reference *r, const int64_t *index, double sign);

/* Whether element x takes the place of the extreme so far. `compare` is >= or <=. */
#define YG_RUNNING_NUMBER(x, best, compare) ((x)compare(best))
#define YG_RUNNING_FLOAT(x, best, compare)  (((x) != (x)) | ((x)compare(best)))

/* Defines a kernel. Its state is the extreme so far of each row, and behind these, where it is.
 * `indices` is NULL where nobody reads them. */
#define YG_RUNNING_KERNEL(function, type, takes, compare)                                          \
    static inline __attribute__((always_inline)) void function##_width(                            \
        type *best, int64_t *place, const type *x, type *values, int64_t *indices, int64_t stride, \
        int64_t first, int64_t steps, int64_t width) {                                             \
        for (int64_t s = 0; s < steps; s++) {                                                      \
            const int64_t row = s * stride, at = first + s;                                        \
            if (!indices) {                                                                        \
                _Pragma("omp simd") for (int64_t j = 0; j < width; j++) {                          \
                    const type element = x[row + j], before = best[j];                             \
                    best[j] = takes(element, before, compare) ? element : before;                  \
                    values[row + j] = best[j];                                                     \
                }                                                                                  \
                continue;                                                                          \
            }                                                                                      \
            _Pragma("omp simd") for (int64_t j = 0; j < width; j++) {                              \
                const type element = x[row + j], before = best[j];                                 \
                const int64_t there = place[j];                                                    \
                best[j] = takes(element, before, compare) ? element : before;                      \
                place[j] = takes(element, before, compare) ? at : there;                           \
                values[row + j] = best[j];                                                         \
                indices[row + j] = place[j];                                                       \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    YG_MULTIVERSION static void function##_steps(void *state, const void *const *x,                \
                                                 void *const *y, int64_t stride, int64_t first,    \
                                                 int64_t steps, int64_t width, bool reverse) {     \
        type *best = state, own[YG_SCAN_LANES];                                                    \
        int64_t *place = (int64_t *)state + width, own_place[YG_SCAN_LANES];                       \
        const bool few = width == 1 || width == YG_SCAN_LANES;                                     \
        (void)reverse;                                                                             \
        for (int64_t j = 0; j < width && first == 0; j++) {                                        \
            best[j] = ((const type *)x[0])[j];                                                     \
            place[j] = 0;                                                                          \
        }                                                                                          \
        for (int64_t j = 0; j < width && few; j++) {                                               \
            own[j] = best[j];                                                                      \
            own_place[j] = place[j];                                                               \
        }                                                                                          \
        if (width == 1)                                                                            \
            function##_width(own, own_place, x[0], y[0], y[1], stride, first, steps, 1);           \
        else if (width == YG_SCAN_LANES)                                                           \
            function##_width(own, own_place, x[0], y[0], y[1], stride, first, steps,               \
                             YG_SCAN_LANES);                                                       \
        else                                                                                       \
            function##_width(best, place, x[0], y[0], y[1], stride, first, steps, width);          \
        for (int64_t j = 0; j < width && few; j++) {                                               \
            best[j] = own[j];                                                                      \
            place[j] = own_place[j];                                                               \
        }                                                                                          \
    }                                                                                              \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        static const yg_scan scan = {.steps = function##_steps,                                    \
                                     .x_size = {sizeof(type)},                                     \
                                     .y_size = {sizeof(type), sizeof(int64_t)}};                   \
        (void)error;                                                                               \
        yg_scan_run(&scan, call);                                                                  \
        return true;                                                                               \
    }
#define YG_RUNNING_KERNELS(compare)                                                                \
    YG_RUNNING_KERNEL(kernel_bool, uint8_t, YG_RUNNING_NUMBER, compare)                            \
    YG_RUNNING_KERNEL(kernel_i32, int32_t, YG_RUNNING_NUMBER, compare)                             \
    YG_RUNNING_KERNEL(kernel_i64, int64_t, YG_RUNNING_NUMBER, compare)                             \
    YG_RUNNING_KERNEL(kernel_f32, float, YG_RUNNING_FLOAT, compare)                                \
    YG_RUNNING_KERNEL(kernel_f64, double, YG_RUNNING_FLOAT, compare)

#endif
