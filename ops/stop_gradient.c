/*
 * stop_gradient: y = x, and no cotangent passes to x.
 *
 * A view of x: it takes no kernel. The rule remove_stop_gradient takes it out of a program, so that
 * readers in the same fused loop need no memory for x.
 */
#include "build.h"
#include "registry.h"

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    (void)error;
    *result = call->operands[0];
    return true;
}

/* A constant has no gradient; and one stop is enough. */
static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node x = operands[0];
    const bool needless = yg_node_constant(graph, x) || yg_node_is_scalar(graph, x, NULL) ||
                          yg_node_op(graph, x) == &yg_op_stop_gradient;
    return needless ? x : YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index);
}

static const yg_sample samples[] = {
    {{"f[2, 3]"}, NULL}, {{"f[]"}, NULL}, {{"f[0, 3]"}, NULL}, {{"i[4]"}, NULL}, {{"b[4]"}, NULL},
};

const yg_op yg_op_stop_gradient = {
    .name = "stop_gradient",
    .formula = "y = x, a constant to the gradient",
    .doc = "x itself, but no gradient passes through it (PyTorch's detach). `check` leaves out the "
           "gradients that it changes.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_VIEW | YG_OP_NON_DIFFERENTIABLE,
    .infer = infer,
    .simplify = simplify,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
