/*
 * average_pooling: y[n, o, c] = (Σ x[n, p, c] over the pixels p of window o) / divisor.
 *
 * Channels last; see pooling.h. The divisor is the number of pixels of the window, with or without
 * those in the padding, or a number that is given.
 * vjp: average_pooling_gradient.
 */
#include "copy.h"
#include "multiversion.h"
#include "pooling.h"
#include "registry.h"

#include <string.h>

enum { LANES = 16 }; /* channels that are summed together */

#define POOL_REAL       float
#define POOL_NAME(name) name##_f32
#include "average_pooling_kernel.h"
#define POOL_REAL       float
#define POOL_NAME(name) name##_f32
#include "pooling_lines.h"
#define POOL_REAL       double
#define POOL_NAME(name) name##_f64
#include "average_pooling_kernel.h"
#define POOL_REAL       double
#define POOL_NAME(name) name##_f64
#include "pooling_lines.h"

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_pooling p = yg_pooling_of(call->attrs, results);
    yg_pooling_plan_windows(call, results, plan);
    plan->scratch_bytes = yg_pooling_lines_bytes(&p, yg_dtype_size(results->dtype));
}

#define KERNEL(function, real, suffix)                                                             \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_pooling p = yg_pooling_of(call->attrs, call->in_types[0]);                        \
        if (p.channels == 1)                                                                       \
            average_lines_##suffix(&p, (const real *)call->in[0], (real *)call->out,               \
                                   (real *)call->scratch, call->begin, call->end);                 \
        else                                                                                       \
            average_rows_##suffix(&p, (const real *)call->in[0], (real *)call->out, call->begin,   \
                                  call->end);                                                      \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float, f32)
KERNEL(kernel_f64, double, f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_apply(graph, &yg_op_average_pooling_gradient, &dy, 1, yg_node_attrs(graph, y));
}

static double reference(const yg_reference *r, const int64_t *index) {
    yg_pooled pooled = {0};
    yg_pooled_of(r, index, &pooled);
    return pooled.sum / pooled.divisor;
}

static const yg_sample samples[] = {
    {{"f[2, 7, 3]"}, YG_POOLING_SAMPLE((2), (2), (0), (1), (7), (3))},
    {{"f[2, 6, 8, 18]"}, YG_POOLING_SAMPLE((2, 2), (2, 2), (0, 0), (1, 1), (6, 8), (3, 4))},
    {{"f[2, 5, 4, 5]"},
     YG_POOLING_AVERAGE_SAMPLE((3, 3), (2, 1), (1, 1), (1, 1), (5, 4), (3, 4), 1, 0)},
    {{"f[2, 5, 4, 2]"},
     YG_POOLING_AVERAGE_SAMPLE((3, 3), (2, 1), (1, 1), (1, 1), (5, 4), (3, 4), 0, -3)},
    {{"f[2, 3, 4, 5, 2]"},
     YG_POOLING_SAMPLE((2, 2, 2), (1, 2, 2), (1, 0, 1), (1, 1, 1), (3, 4, 5), (4, 2, 3))},
    {{"f[2, 5, 7, 2]"}, YG_POOLING_ADAPTIVE_SAMPLE((5, 7), (3, 2))},
    {{"f[2, 3, 3, 16]"}, YG_POOLING_ADAPTIVE_SAMPLE((3, 3), (1, 1))},
    {{"f[0, 4, 2]"}, YG_POOLING_SAMPLE((2), (2), (0), (1), (4), (2))},
    {{"f[40, 8, 1]"}, YG_POOLING_SAMPLE((3), (2), (0), (1), (8), (3))},
    {{"f[3, 37, 1]"}, YG_POOLING_AVERAGE_SAMPLE((3), (2), (1), (1), (37), (19), 0, 0)},
    {{"f[2, 41, 1]"}, YG_POOLING_SAMPLE((3), (1), (1), (2), (41), (39))},
    {{"f[2, 7, 34, 1]"},
     YG_POOLING_AVERAGE_SAMPLE((3, 3), (2, 2), (1, 1), (1, 1), (7, 34), (4, 17), 1, 0)},
    {{"f[2, 6, 36, 1]"}, YG_POOLING_SAMPLE((2, 5), (2, 4), (0, 0), (1, 1), (6, 36), (3, 8))},
    {{"f[2, 5, 70, 1]"}, YG_POOLING_ADAPTIVE_SAMPLE((5, 70), (3, 2))},
};

const yg_op yg_op_average_pooling = {
    .name = "average_pooling",
    .formula = "y[n, o, c] = (Σ x[n, p, c] over the pixels p of window o) / divisor",
    .doc = "Pooling of images with the channels last.",
    .group = "pooling",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_pooling_attrs,
    .attr_count = YG_POOLING_ATTRS,
    .flags = YG_OP_INTERNAL,
    .infer = yg_pooling_infer_windows,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
