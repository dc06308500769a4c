/*
 * logistic_loss: y = log(1 + exp(-|z|)) + |z|·(1 - t if z > 0, else t), elementwise: the binary
 * cross-entropy of sigmoid(z) with the target t, -[t·log sigmoid(z) + (1 - t)·log(1 - sigmoid(z))].
 * Written like this, no logarithm is taken of a number that can be 0.
 *
 * vjp: dz = dy · (sigmoid(z) - t), which is right also if the sigmoid is rounded to 0 or 1;
 *      dt = -dy · z.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

/* a is z, b is t. z times this is |z| times the part of the target on the other side of z. */
#define WRONG ((a > 0 ? 1 : 0) - b)

/* If WRONG is 0, an infinite z is right and has loss 0. The condition avoids 0 · infinity = NaN. It
 * stands at the factor, not at the product: gcc does not vectorise the loop otherwise. */
#define LOSS (WRONG == 0 ? 0 : a) * WRONG
YG_BINARY_MATH_TILES(logistic_loss, LOSS + YG_VECTOR_LOG1P_EXP(-fabs(a)))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node z = yg_node_operand(graph, y, 0), target = yg_node_operand(graph, y, 1);
    if (k == 1)
        return yg_negative(graph, yg_multiply(graph, dy, z));
    return yg_multiply(graph, dy, yg_subtract(graph, yg_sigmoid(graph, z), target));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node z = operands[0], target = operands[1];
    results[0] = yg_subtract(graph, yg_softplus(graph, z), yg_multiply(graph, target, z));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double p = 1 / (1 + exp(-yg_at(r, 0, index))), t = yg_at(r, 1, index);
    return -t * log(p) - (1 - t) * log(1 - p);
}

const yg_op yg_op_logistic_loss = {
    .name = "logistic_loss",
    .formula = "y = log(1 + exp(-|z|)) + |z|·(1 - t if z > 0 else t)",
    .doc = "The binary cross-entropy of sigmoid(z) for each element; see bce_with_logits.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"z", "target"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(logistic_loss),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-6, 6}, {0, 1}},
    YG_SAMPLES(yg_binary_samples),
};
