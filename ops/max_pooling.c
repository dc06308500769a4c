/*
 * max_pooling: y[n, o, c] = max x[n, p, c] over the pixels p of window o, and which pixel that is.
 *
 * Channels last; see pooling.h. Two results: values, and i32 numbers of pixels in row-major order.
 * Of equal elements the first is taken, of several NaN the last, as in PyTorch. A window without
 * any pixel, which dilation can make, has -infinity and pixel -1.
 * vjp: dx = max_pooling_gradient(dy, pixels).
 */
#include "build.h"
#include "copy.h"
#include "multiversion.h"
#include "pooling.h"
#include "registry.h"

#include <math.h>
#include <string.h>

enum { VALUES, PIXELS }; /* results */
enum { LANES = 16 };     /* elements that are computed together */

#define POOL_REAL       float
#define POOL_NAME(name) name##_f32
#include "max_pooling_kernel.h"
#define POOL_MAX
#define POOL_REAL       float
#define POOL_NAME(name) name##_f32
#include "pooling_lines.h"
#define POOL_REAL       double
#define POOL_NAME(name) name##_f64
#include "max_pooling_kernel.h"
#define POOL_MAX
#define POOL_REAL       double
#define POOL_NAME(name) name##_f64
#include "pooling_lines.h"

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    return yg_pooling_infer_windows(call, &results[VALUES], error) &&
           yg_pooling_type(call, YG_I32, YG_POOLING_OUTPUT, &results[PIXELS], error);
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_pooling p = yg_pooling_of(call->attrs, results);
    yg_pooling_plan_windows(call, results, plan);
    plan->scratch_bytes = yg_pooling_lines_bytes(&p, yg_dtype_size(results->dtype));
}

/* Lines of pixels are compared at once where nobody asks which pixel it was. */
#define KERNEL(function, real, suffix)                                                             \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_pooling p = yg_pooling_of(call->attrs, call->in_types[0]);                        \
        if (p.channels == 1 && !call->outs[PIXELS] && !p.dim[2].adaptive)                          \
            max_lines_##suffix(&p, (const real *)call->in[0], (real *)call->outs[VALUES],          \
                               (real *)call->scratch, call->begin, call->end);                     \
        else                                                                                       \
            max_rows_##suffix(&p, (const real *)call->in[0], (real *)call->outs[VALUES],           \
                              (int32_t *)call->outs[PIXELS], call->begin, call->end);              \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float, f32)
KERNEL(kernel_f64, double, f64)

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    (void)k;
    const yg_node operands[] = {dy[VALUES], yg_node_result(graph, y, PIXELS)};
    return yg_apply(graph, &yg_op_max_pooling_gradient, operands, 2, yg_node_attrs(graph, y));
}

static double reference(const yg_reference *r, const int64_t *index) {
    yg_pooled pooled = {0};
    yg_pooled_of(r, index, &pooled);
    return r->result == VALUES ? pooled.max : (double)pooled.pixel;
}

static const yg_sample samples[] = {
    {{"f[2, 7, 3]"}, YG_POOLING_SAMPLE((2), (2), (0), (1), (7), (3))},
    {{"f[2, 9, 18]"}, YG_POOLING_SAMPLE((3), (2), (1), (2), (9), (4))},
    {{"f[2, 6, 8, 5]"}, YG_POOLING_SAMPLE((2, 2), (2, 2), (0, 0), (1, 1), (6, 8), (3, 4))},
    {{"f[2, 7, 11, 6]"}, YG_POOLING_SAMPLE((3, 3), (2, 2), (1, 1), (1, 1), (7, 11), (4, 6))},
    {{"f[2, 4, 6, 18]"}, YG_POOLING_SAMPLE((2, 2), (2, 2), (0, 0), (1, 1), (4, 6), (2, 3))},
    {{"f[2, 6, 9, 6]"}, YG_POOLING_SAMPLE((3, 3), (3, 3), (0, 0), (1, 1), (6, 9), (2, 3))},
    {{"f[1, 5, 4, 33]"}, YG_POOLING_SAMPLE((2, 3), (1, 2), (1, 1), (2, 1), (5, 4), (5, 3))},
    {{"f[2, 3, 4, 5, 2]"},
     YG_POOLING_SAMPLE((2, 2, 2), (1, 2, 2), (1, 0, 1), (1, 2, 1), (3, 4, 5), (4, 1, 3))},
    {{"f[2, 5, 7, 2]"}, YG_POOLING_ADAPTIVE_SAMPLE((5, 7), (3, 2))},
    {{"f[0, 4, 2]"}, YG_POOLING_SAMPLE((2), (2), (0), (1), (4), (2))},
    {{"f[40, 8, 1]"}, YG_POOLING_SAMPLE((3), (2), (1), (1), (8), (4))},
    {{"f[2, 41, 1]"}, YG_POOLING_SAMPLE((3), (1), (1), (2), (41), (39))},
    {{"f[2, 7, 34, 1]"}, YG_POOLING_SAMPLE((3, 3), (2, 2), (1, 1), (1, 1), (7, 34), (4, 17))},
};

const yg_op yg_op_max_pooling = {
    .name = "max_pooling",
    .formula = "y[n, o, c] = max x[n, p, c] over the pixels p of window o",
    .doc = "Pooling of images with the channels last. Two results: the maxima, and the pixels that "
           "they are at.",
    .group = "pooling",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_pooling_attrs,
    .attr_count = YG_POOLING_ATTRS,
    .flags = YG_OP_INTERNAL,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp_all = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
