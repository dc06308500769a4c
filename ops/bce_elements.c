/*
 * bce_elements: y = -[t·log p + (1 - t)·log(1 - p)], elementwise, the logarithms not below -100.
 *
 * vjp: dp = dy · (p - t) / max(p·(1 - p), 1e-12); dt = dy · (log(1 - p) - log p).
 *
 * Both bounds are PyTorch's (binary_cross_entropy). They keep the loss and the gradient finite if a
 * probability was rounded to 0 or 1. If p = sigmoid(z), no bound is needed: the node becomes
 * logistic_loss(z, t), whose derivative by z is exactly sigmoid(z) - t.
 */
#include "build.h"
#include "elementwise.h"
#include "loss.h"
#include "registry.h"
#include "vector_functions.h"

YG_BINARY_MATH_TILES(bce_elements,
                     (b - 1) * YG_BOUNDED(YG_VECTOR_LOG1P(-a)) - b * YG_BOUNDED(log(a)))

static yg_node bound(yg_graph *graph, yg_node x, double low) {
    return x == YG_NONE
               ? YG_NONE
               : yg_maximum(graph, x, yg_scalar(graph, yg_node_type(graph, x)->dtype, low));
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node p = yg_node_operand(graph, y, 0), target = yg_node_operand(graph, y, 1);
    const yg_node minus_p = yg_negative(graph, p);
    if (k == 1) {
        const yg_node difference = yg_subtract(graph, bound(graph, yg_log1p(graph, minus_p), -100),
                                               bound(graph, yg_log(graph, p), -100));
        return yg_multiply(graph, dy, difference);
    }
    const yg_node variance = yg_multiply(graph, p, yg_offset(graph, minus_p, 1));
    const yg_node slope =
        yg_divide(graph, yg_subtract(graph, p, target), bound(graph, variance, 1e-12));
    return yg_multiply(graph, dy, slope);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    if (yg_node_op(graph, operands[0]) != &yg_op_sigmoid)
        return YG_NONE;
    const yg_node logit[] = {yg_node_operand(graph, operands[0], 0), operands[1]};
    return yg_apply(graph, &yg_op_logistic_loss, logit, 2, NULL);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double p = yg_at(r, 0, index), t = yg_at(r, 1, index);
    return -t * fmax(log(p), -100) - (1 - t) * fmax(log(1 - p), -100);
}

const yg_op yg_op_bce_elements = {
    .name = "bce_elements",
    .formula = "y = -[t·log p + (1 - t)·log(1 - p)]",
    .doc = "The binary cross-entropy for each element; see bce.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"p", "target"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(bce_elements),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .domain = {{0.1, 0.9}, {0, 1}},
    YG_SAMPLES(yg_binary_samples),
};
