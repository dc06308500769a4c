/*
 * sin: y = sin(x), elementwise.
 *
 * vjp: dx = dy · cos(x).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_MATH_TILES(sin, sin(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_multiply(graph, dy, yg_cos(graph, yg_node_operand(graph, y, 0)));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return sin(yg_at(r, 0, index));
}

const yg_op yg_op_sin = {
    .name = "sin",
    .formula = "y = sin(x)",
    .doc = "The sine; x in radians.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(sin),
    .vjp = vjp,
    .reference = reference,
    .domain = {{-6, 6}},
    YG_SAMPLES(yg_unary_samples),
};
