/*
 * atan: y = arctan(x), elementwise.
 *
 * vjp: dx = dy / (1 + x²).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_MATH_TILES(atan, atan(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node square = yg_square(graph, yg_node_operand(graph, y, 0));
    return yg_divide(graph, dy, yg_offset(graph, square, 1));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return atan(yg_at(r, 0, index));
}

const yg_op yg_op_atan = {
    .name = "atan",
    .formula = "y = arctan(x)",
    .doc = "The angle in [-π/2, π/2] whose tangent is x.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(atan),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
