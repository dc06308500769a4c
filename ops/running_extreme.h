/*
 * What cummax and cummin share: the extreme of the elements so far along dimension `dim`, and where
 * it is. Two results, as in PyTorch: values, of x's type, and indices, i64. Of equal elements the
 * last one is taken. From a NaN on everything is NaN.
 */
#ifndef YG_OPS_RUNNING_EXTREME_H
#define YG_OPS_RUNNING_EXTREME_H

#include "../graph/graph.h"

#include <math.h>

enum { YG_RUNNING_VALUES, YG_RUNNING_INDICES }; /* results */

enum { YG_RUNNING_ATTRS = 1, YG_RUNNING_SAMPLES = 8 };
extern const yg_attr_spec yg_running_attrs[YG_RUNNING_ATTRS];
extern const yg_sample yg_running_samples[YG_RUNNING_SAMPLES];

bool yg_running_infer(const yg_infer *call, yg_type *results, yg_error *error);
void yg_running_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);
/* The values' cotangent, each element added where it came from. */
yg_node yg_running_vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k);
/* `sign` is 1 for the largest element, -1 for the smallest. */
double yg_running_reference(const yg_reference *r, const int64_t *index, double sign);

enum { YG_RUNNING_COLUMNS = 128 }; /* neighbours that are computed together */

/* Whether element x takes the place of the extreme so far. `compare` is >= or <=. */
#define YG_RUNNING_NUMBER(x, best, compare) ((x)compare(best))
#define YG_RUNNING_FLOAT(x, best, compare)  (isnan(x) || (x)compare(best))

/* The loop over the dimension, [call->begin, call->end) of the dimensions before it. `best` starts
 * as the first element, which the comparison takes again. A best that is NaN compares false with
 * every number, so it stays. */
#define YG_RUNNING_KERNEL(function, type, takes, compare)                                          \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_type *y = call->out_type;                                                         \
        int dim = 0;                                                                               \
        yg_dimension(call->attrs[0].i, y->rank, &dim);                                             \
        const int64_t length = y->rank == 0 ? 1 : y->shape[dim];                                   \
        const int64_t inner = yg_shape_product(y->shape, dim + 1, y->rank);                        \
        int64_t *indices = (int64_t *)call->outs[YG_RUNNING_INDICES];                              \
        for (int64_t o = call->begin; o < call->end && length > 0; o++)                            \
            for (int64_t first = 0; first < inner; first += YG_RUNNING_COLUMNS) {                  \
                const int64_t rest = inner - first, base = o * length * inner + first;             \
                const int64_t width = rest < YG_RUNNING_COLUMNS ? rest : YG_RUNNING_COLUMNS;       \
                const type *x = (const type *)call->in[0] + base;                                  \
                type *values = (type *)call->out + base;                                           \
                type best[YG_RUNNING_COLUMNS];                                                     \
                int64_t place[YG_RUNNING_COLUMNS] = {0};                                           \
                for (int64_t j = 0; j < width; j++)                                                \
                    best[j] = x[j];                                                                \
                for (int64_t i = 0; i < length; i++)                                               \
                    for (int64_t j = 0; j < width; j++) {                                          \
                        const bool taken = takes(x[i * inner + j], best[j], compare);              \
                        best[j] = taken ? x[i * inner + j] : best[j];                              \
                        place[j] = taken ? i : place[j];                                           \
                        values[i * inner + j] = best[j];                                           \
                        if (indices)                                                               \
                            indices[base + i * inner + j] = place[j];                              \
                    }                                                                              \
            }                                                                                      \
        return true;                                                                               \
    }
#define YG_RUNNING_KERNELS(compare)                                                                \
    YG_RUNNING_KERNEL(kernel_bool, uint8_t, YG_RUNNING_NUMBER, compare)                            \
    YG_RUNNING_KERNEL(kernel_i32, int32_t, YG_RUNNING_NUMBER, compare)                             \
    YG_RUNNING_KERNEL(kernel_i64, int64_t, YG_RUNNING_NUMBER, compare)                             \
    YG_RUNNING_KERNEL(kernel_f32, float, YG_RUNNING_FLOAT, compare)                                \
    YG_RUNNING_KERNEL(kernel_f64, double, YG_RUNNING_FLOAT, compare)

#endif
