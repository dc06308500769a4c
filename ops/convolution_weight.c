/*
 * convolution_weight: weight[f, c, t] = Σ x[n, i, c] · y[n, o, f] over i = o · stride + t ·
 * dilation
 * - padding; x and y are channels last. It is the gradient of convolution by the weight. See
 * convolution.h.
 *
 * vjp: dx = convolution_data(y, dweight), dy = convolution(x, dweight).
 */
#include "build.h"
#include "convolution.h"
#include "registry.h"

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    yg_convolution c = {0};
    return yg_convolution_read(call, YG_CONVOLUTION_WEIGHT, &c, result, error);
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_convolution_plan(call, YG_CONVOLUTION_WEIGHT, plan);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    yg_convolution_run(call, &yg_op_convolution_weight, YG_CONVOLUTION_WEIGHT);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node w, yg_node dw, size_t k) {
    const yg_node x = yg_node_operand(graph, w, 0), y = yg_node_operand(graph, w, 1);
    return k == 0 ? yg_convolution_x(graph, w, y, dw, yg_node_type(graph, x))
                  : yg_convolution_y(graph, w, x, dw, yg_node_type(graph, y));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_convolution_reference(r, YG_CONVOLUTION_WEIGHT, index);
}

static const yg_sample samples[] = {
    {{"f[2, 5, 2]", "f[2, 3, 3]"}, YG_CONVOLUTION_1D(3, 1, 0, 1, 1)},
    {{"f[2, 6, 4]", "f[2, 3, 6]"}, YG_CONVOLUTION_1D(3, 2, 1, 2, 2)},
    {{"f[1, 4, 3]", "f[1, 7, 3]"}, YG_CONVOLUTION_1D(2, 1, 2, 1, 3)},
    {{"f[0, 4, 3]", "f[0, 3, 2]"}, YG_CONVOLUTION_1D(2, 1, 0, 1, 1)}, /* zeros */
    {{"f[2, 4, 5, 2]", "f[2, 4, 4, 3]"}, YG_CONVOLUTION_2D(3, 2, 1, 1, 0, 1, 1, 1)},
    {{"f[1, 5, 6, 1]", "f[1, 3, 2, 2]"}, YG_CONVOLUTION_2D(3, 3, 2, 1, 2, 1, 2, 1)},
    {{"f[1, 3, 4, 6]", "f[1, 3, 4, 6]"}, YG_CONVOLUTION_2D(3, 3, 1, 1, 1, 1, 1, 6)},
    {{"f[2, 4, 4, 3]", "f[2, 2, 2, 5]"}, YG_CONVOLUTION_2D(1, 1, 2, 0, 0, 1, 1, 1)},
    {{"f[1, 2, 2, 1]", "f[1, 2, 2, 1]"}, YG_CONVOLUTION_2D(5, 5, 1, 2, 2, 1, 1, 1)},
    {{"f[1, 3, 2, 3, 2]", "f[1, 2, 2, 4, 2]"},
     (const yg_attr[]){{.count = 3, .ints = {2, 1, 2}},
                       {.count = 3, .ints = {1, 1, 1}},
                       {.count = 3, .ints = {0, 0, 1}},
                       {.count = 3, .ints = {1, 1, 1}},
                       {.i = 1}}},
};

const yg_op yg_op_convolution_weight = {
    .name = "convolution_weight",
    .formula =
        "weight[f, c, t] = Σ x[n, i, c] · y[n, o, f], i = o · stride + t · dilation - padding",
    .doc = "The gradient of convolution by the weight; x and y are channels last.",
    .group = "convolution",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "y"},
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
