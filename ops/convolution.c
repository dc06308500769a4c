/*
 * convolution: y[n, o, f] = bias[f] + Σ x[n, i, c] · weight[f, c, t] over i = o · stride + t ·
 * dilation - padding; channels last. The bias is optional. See convolution.h.
 *
 * vjp: dx = convolution_data(dy, weight), dweight = convolution_weight(x, dy), dbias = Σ dy.
 */
#include "convolution.h"

#include "build.h"
#include "registry.h"

#include <inttypes.h>

enum { BIAS = 2 };

bool yg_convolution_infer(const yg_infer *call, yg_type *result, yg_error *error) {
    yg_convolution c = {0};
    if (!yg_convolution_read(call, YG_CONVOLUTION_Y, &c, result, error))
        return false;
    if (call->operand_count <= BIAS)
        return true;
    const yg_type *bias = &call->operands[BIAS];
    char text[YG_TYPE_TEXT];
    return (bias->rank == 1 && bias->shape[0] == c.groups * c.filters &&
            bias->dtype == result->dtype) ||
           yg_fail(error, YG_ERROR_SHAPE, call->origin,
                   "%s: the bias is %s, there are %" PRId64 " filters", call->op->name,
                   yg_type_text(bias, text), c.groups * c.filters);
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_convolution_plan(call, YG_CONVOLUTION_Y, plan);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    yg_convolution_run(call, &yg_op_convolution, YG_CONVOLUTION_Y);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node x = yg_node_operand(graph, y, 0), weight = yg_node_operand(graph, y, 1);
    if (k == BIAS) {
        int64_t dims[YG_MAX_RANK];
        const int rank = yg_node_type(graph, y)->rank;
        for (int d = 0; d + 1 < rank; d++)
            dims[d] = d;
        return yg_sum(graph, dy, dims, (size_t)rank - 1, false);
    }
    return k == 0 ? yg_convolution_x(graph, y, dy, weight, yg_node_type(graph, x))
                  : yg_convolution_w(graph, y, x, dy, yg_node_type(graph, weight));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double bias =
        r->call->operand_count > BIAS ? yg_at(r, BIAS, &index[r->out_type->rank - 1]) : 0;
    return bias + yg_convolution_reference(r, YG_CONVOLUTION_Y, index);
}

static const yg_sample samples[] = {
    {{"f[2, 5, 2]", "f[3, 2, 3]"}, YG_CONVOLUTION_1D(3, 1, 0, 1, 1)},
    {{"f[2, 5, 2]", "f[3, 2, 3]", "f[3]"}, YG_CONVOLUTION_1D(3, 1, 0, 1, 1)},
    {{"f[2, 3, 4, 4]", "f[6, 2, 3, 3]", "f[6]"}, YG_CONVOLUTION_2D(3, 4, 1, 1, 1, 1, 1, 2)},
    {{"f[1, 3, 8, 1]", "f[2, 1, 3, 3]", "f[2]"}, YG_CONVOLUTION_2D(3, 8, 1, 1, 1, 1, 1, 1)},
    {{"f[1, 3, 4, 3]", "f[3, 1, 3, 3]", "f[3]"}, YG_CONVOLUTION_2D(3, 4, 1, 1, 1, 1, 1, 3)},
    {{"f[2, 6, 4]", "f[6, 2, 3]"}, YG_CONVOLUTION_1D(3, 2, 1, 2, 2)},
    {{"f[1, 4, 3]", "f[3, 1, 2]"}, YG_CONVOLUTION_1D(7, 1, 2, 1, 3)}, /* beyond the end */
    {{"f[0, 4, 3]", "f[2, 3, 2]"}, YG_CONVOLUTION_1D(3, 1, 0, 1, 1)},
    {{"f[2, 1, 3]", "f[2, 3, 3]"}, YG_CONVOLUTION_1D(2, 3, 1, 1, 1)},
    {{"f[1, 6, 1]", "f[1, 1, 2]"}, YG_CONVOLUTION_1D(2, 2, -1, 1, 1)}, /* cuts x off */
    {{"f[2, 4, 5, 2]", "f[3, 2, 3, 2]"}, YG_CONVOLUTION_2D(4, 4, 1, 1, 0, 1, 1, 1)},
    {{"f[1, 5, 6, 1]", "f[2, 1, 3, 3]"}, YG_CONVOLUTION_2D(3, 2, 2, 1, 2, 1, 2, 1)},
    {{"f[1, 3, 4, 6]", "f[6, 1, 3, 3]"}, YG_CONVOLUTION_2D(3, 4, 1, 1, 1, 1, 1, 6)},
    {{"f[2, 4, 4, 3]", "f[5, 3, 1, 1]"}, YG_CONVOLUTION_2D(2, 2, 2, 0, 0, 1, 1, 1)},
    {{"f[1, 2, 2, 1]", "f[1, 1, 5, 5]"}, YG_CONVOLUTION_2D(2, 2, 1, 2, 2, 1, 1, 1)},
    {{"f[1, 3, 2, 3, 2]", "f[2, 2, 2, 1, 2]"},
     (const yg_attr[]){{.count = 3, .ints = {2, 2, 4}},
                       {.count = 3, .ints = {1, 1, 1}},
                       {.count = 3, .ints = {0, 0, 1}},
                       {.count = 3, .ints = {1, 1, 1}},
                       {.i = 1}}},
};

const yg_op yg_op_convolution = {
    .name = "convolution",
    .formula = "y[n, o, f] = bias[f] + Σ x[n, i, c] · weight[f, c, t], i = o · stride + t · "
               "dilation - padding",
    .doc = "A convolution of one to three spatial dimensions, channels last. conv1d, conv2d and "
           "conv3d are made of it.",
    .group = "convolution",
    .min_operands = 2,
    .max_operands = 3,
    .operand_names = {"x", "weight", "bias"},
    .attrs = yg_convolution_attrs,
    .attr_count = YG_CONVOLUTION_ATTRS,
    .flags = YG_OP_INTERNAL,
    .infer = yg_convolution_infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .plan = plan,
    .vjp = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
