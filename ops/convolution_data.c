/*
 * convolution_data: x[n, i, c] = Σ y[n, o, f] · weight[f, c, t] over i = o · stride + t · dilation
 * - padding; channels last. It is the transpose of convolution as a function of x: its gradient,
 * and what conv_transpose computes. See convolution.h.
 *
 * vjp: dy = convolution(dx, weight), dweight = convolution_weight(dx, y).
 */
#include "build.h"
#include "convolution.h"
#include "registry.h"

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    yg_convolution c = {0};
    return yg_convolution_read(call, YG_CONVOLUTION_X, &c, result, error);
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_convolution_plan(call, YG_CONVOLUTION_X, plan);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    yg_convolution_run(call, &yg_op_convolution_data, YG_CONVOLUTION_X);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node x, yg_node dx, size_t k) {
    const yg_node y = yg_node_operand(graph, x, 0), weight = yg_node_operand(graph, x, 1);
    return k == 0 ? yg_convolution_y(graph, x, dx, weight, yg_node_type(graph, y))
                  : yg_convolution_w(graph, x, dx, y, yg_node_type(graph, weight));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_convolution_reference(r, YG_CONVOLUTION_X, index);
}

static const yg_sample samples[] = {
    {{"f[2, 3, 3]", "f[3, 2, 3]"}, YG_CONVOLUTION_1D(5, 1, 0, 1, 1)},
    {{"f[2, 3, 6]", "f[6, 2, 3]"}, YG_CONVOLUTION_1D(6, 2, 1, 2, 2)},
    {{"f[1, 7, 3]", "f[3, 1, 2]"}, YG_CONVOLUTION_1D(4, 1, 2, 1, 3)},
    {{"f[0, 3, 2]", "f[2, 3, 2]"}, YG_CONVOLUTION_1D(4, 1, 0, 1, 1)},
    {{"f[2, 0, 2]", "f[2, 3, 2]"}, YG_CONVOLUTION_1D(4, 1, 0, 1, 1)}, /* zeros */
    {{"f[1, 2, 1]", "f[1, 1, 2]"}, YG_CONVOLUTION_1D(8, 3, -1, 1, 1)},
    {{"f[2, 4, 4, 3]", "f[3, 2, 3, 2]"}, YG_CONVOLUTION_2D(4, 5, 1, 1, 0, 1, 1, 1)},
    {{"f[1, 3, 2, 2]", "f[2, 1, 3, 3]"}, YG_CONVOLUTION_2D(5, 6, 2, 1, 2, 1, 2, 1)},
    {{"f[1, 3, 4, 6]", "f[6, 1, 3, 3]"}, YG_CONVOLUTION_2D(3, 4, 1, 1, 1, 1, 1, 6)},
    {{"f[2, 2, 2, 5]", "f[5, 3, 1, 1]"}, YG_CONVOLUTION_2D(4, 4, 2, 0, 0, 1, 1, 1)},
    {{"f[1, 3, 3, 1]", "f[1, 1, 2, 3]"}, YG_CONVOLUTION_2D(8, 7, 3, 0, 1, 1, 2, 1)},
    {{"f[1, 2, 2, 4, 2]", "f[2, 2, 2, 1, 2]"},
     (const yg_attr[]){{.count = 3, .ints = {3, 2, 3}},
                       {.count = 3, .ints = {1, 1, 1}},
                       {.count = 3, .ints = {0, 0, 1}},
                       {.count = 3, .ints = {1, 1, 1}},
                       {.i = 1}}},
};

const yg_op yg_op_convolution_data = {
    .name = "convolution_data",
    .formula =
        "x[n, i, c] = Σ y[n, o, f] · weight[f, c, t], i = o · stride + t · dilation - padding",
    .doc =
        "The gradient of convolution by x, channels last. conv_transpose1d, conv_transpose2d and "
        "conv_transpose3d are made of it.",
    .group = "convolution",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"y", "weight"},
    .attrs = yg_convolution_attrs,
    .attr_count = YG_CONVOLUTION_ATTRS,
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .plan = plan,
    .vjp = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
