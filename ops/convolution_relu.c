/*
 * convolution_relu: relu(convolution(x, weight, bias)) in one kernel: a sum that is less than 0 is
 * stored as 0. The rule finish_convolution makes it. Its derivatives are those of its definition.
 */
#include "build.h"
#include "convolution.h"
#include "registry.h"

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    yg_convolution_plan(call, YG_CONVOLUTION_Y, plan);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    yg_convolution_run(call, &yg_op_convolution_relu, YG_CONVOLUTION_Y);
    return true;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    results[0] = yg_relu(
        graph, yg_apply(graph, &yg_op_convolution, operands, call->operand_count, call->attrs));
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double bias = r->call->operand_count > 2 ? yg_at(r, 2, &index[r->out_type->rank - 1]) : 0;
    const double y = bias + yg_convolution_reference(r, YG_CONVOLUTION_Y, index);
    return y < 0 ? 0 : y;
}

static const yg_sample samples[] = {
    {{"f[2, 5, 2]", "f[3, 2, 3]", "f[3]"}, YG_CONVOLUTION_1D(3, 1, 0, 1, 1)},
    {{"f[2, 3, 4, 4]", "f[6, 2, 3, 3]"}, YG_CONVOLUTION_2D(3, 4, 1, 1, 1, 1, 1, 2)},
    {{"f[1, 3, 8, 1]", "f[2, 1, 3, 3]", "f[2]"}, YG_CONVOLUTION_2D(3, 8, 1, 1, 1, 1, 1, 1)},
    {{"f[1, 3, 4, 3]", "f[3, 1, 3, 3]", "f[3]"}, YG_CONVOLUTION_2D(3, 4, 1, 1, 1, 1, 1, 3)},
    {{"f[0, 4, 3]", "f[2, 3, 2]"}, YG_CONVOLUTION_1D(3, 1, 0, 1, 1)},
};

const yg_op yg_op_convolution_relu = {
    .name = "convolution_relu",
    .formula = "y = max(convolution(x, weight, bias), 0)",
    .doc = "A convolution and relu in one pass, channels last.",
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
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
