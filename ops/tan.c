/*
 * tan: y = tan(x), elementwise.
 *
 * vjp: dx = dy · (1 + y²), from the result itself.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_MATH_TILES(tan, tan(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_multiply(graph, dy, yg_offset(graph, yg_square(graph, y), 1));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return tan(yg_at(r, 0, index));
}

const yg_op yg_op_tan = {
    .name = "tan",
    .formula = "y = tan(x)",
    .doc = "The tangent; x in radians.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(tan),
    .vjp = vjp,
    .reference = reference,
    .domain = {{-1.3, 1.3}},
    YG_SAMPLES(yg_unary_samples),
};
