/*
 * log: y = log(x), elementwise.
 *
 * vjp: dx = dy / x.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_MATH_TILES(log, log(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_divide(graph, dy, yg_node_operand(graph, y, 0));
}

/* If a probability underflows to 0, its logarithm is -infinity. Computed directly from z it is
 * finite:
 *   log(softmax(z)) = log_softmax(z)
 *   log(sigmoid(z)) = -softplus(-z)
 *   log(1 - sigmoid(z)) = -softplus(z) */
static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node x = operands[0];
    const yg_node z = yg_operand_if(graph, x, &yg_op_softmax);
    if (z != YG_NONE)
        return yg_log_softmax(graph, z, yg_node_attrs(graph, x)[0].i);
    const yg_node logit = yg_operand_if(graph, x, &yg_op_sigmoid);
    if (logit != YG_NONE)
        return yg_negative(graph, yg_softplus(graph, yg_negative(graph, logit)));
    if (yg_node_op(graph, x) != &yg_op_subtract ||
        !yg_is_scalar_value(graph, yg_node_operand(graph, x, 0), 1))
        return YG_NONE;
    const yg_node complement = yg_operand_if(graph, yg_node_operand(graph, x, 1), &yg_op_sigmoid);
    if (complement == YG_NONE)
        return YG_NONE;
    return yg_negative(graph, yg_softplus(graph, complement));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return log(yg_at(r, 0, index));
}

const yg_op yg_op_log = {
    .name = "log",
    .formula = "y = log(x)",
    .doc = "The natural logarithm: -inf at 0, NaN below. Of softmax and sigmoid it is taken in a "
           "stable form, which stays finite.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(log),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .domain = {{0.3, 3}},
    YG_SAMPLES(yg_unary_samples),
};
