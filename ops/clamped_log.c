/*
 * clamped_log: y = max(log p, -100), elementwise.
 *
 * vjp: dp = dy / max(p, 1e-12).
 *
 * The logarithm of a probability. The bounds keep it and its gradient finite if the probability was
 * rounded to 0; they are those of PyTorch's binary_cross_entropy. If p = softmax(z), no bound is
 * needed: the node becomes log_softmax(z).
 */
#include "build.h"
#include "elementwise.h"
#include "loss.h"
#include "registry.h"

YG_UNARY_MATH_TILES(clamped_log, YG_BOUNDED(log(x)))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node least = yg_scalar(graph, yg_node_type(graph, y)->dtype, 1e-12);
    return yg_divide(graph, dy, yg_maximum(graph, yg_node_operand(graph, y, 0), least));
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    if (yg_node_op(graph, operands[0]) != &yg_op_softmax)
        return YG_NONE;
    return yg_log_softmax(graph, yg_node_operand(graph, operands[0], 0),
                          yg_node_attrs(graph, operands[0])[0].i);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return fmax(log(yg_at(r, 0, index)), -100);
}

const yg_op yg_op_clamped_log = {
    .name = "clamped_log",
    .formula = "y = max(log p, -100)",
    .doc = "The logarithm of a probability, finite at 0; see cross_entropy.",
    .group = "loss",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"p"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(clamped_log),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .domain = {{0.1, 2}},
    YG_SAMPLES(yg_unary_samples),
};
