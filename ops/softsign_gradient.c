/*
 * softsign_gradient: dy / (1 + |x|)², the derivative of softsign, elementwise. Its own derivative
 * is that of its definition.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

/* a is dy, b is x. Where x is infinite softsign is NaN, and so is its gradient: b - b is NaN there.
 */
YG_BINARY_TILES(softsign_gradient, (a + (b - b)) / ((fabs(b) + 1) * (fabs(b) + 1)))

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node size = yg_offset(graph, yg_abs(graph, operands[1]), 1);
    results[0] = yg_divide(graph, operands[0], yg_square(graph, size));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double size = 1 + fabs(yg_at(r, 1, index));
    return yg_at(r, 0, index) / (size * size);
}

const yg_op yg_op_softsign_gradient = {
    .name = "softsign_gradient",
    .formula = "dx = dy / (1 + |x|)²",
    .doc = "The gradient of softsign.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"dy", "x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(softsign_gradient),
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(yg_binary_samples),
};
