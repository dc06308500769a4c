/*
 * softsign: y = x / (1 + |x|), elementwise.
 *
 * vjp: softsign_gradient.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TILES(softsign, x / (fabs(x) + 1))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node operands[] = {dy, yg_node_operand(graph, y, k)};
    return yg_apply(graph, &yg_op_softsign_gradient, operands, 2, NULL);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node size = yg_offset(graph, yg_abs(graph, operands[0]), 1);
    results[0] = yg_divide(graph, operands[0], size);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return x / (1 + fabs(x));
}

const yg_op yg_op_softsign = {
    .name = "softsign",
    .formula = "y = x / (1 + |x|)",
    .doc = "Like tanh, with heavier tails; NaN at the infinities, as in PyTorch.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(softsign),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
