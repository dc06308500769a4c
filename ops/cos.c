/*
 * cos: y = cos(x), elementwise.
 *
 * vjp: dx = -dy · sin(x).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_MATH_TILES(cos, cos(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node sine = yg_sin(graph, yg_node_operand(graph, y, 0));
    return yg_negative(graph, yg_multiply(graph, dy, sine));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return cos(yg_at(r, 0, index));
}

const yg_op yg_op_cos = {
    .name = "cos",
    .formula = "y = cos(x)",
    .doc = "The cosine; x in radians.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(cos),
    .vjp = vjp,
    .reference = reference,
    .domain = {{-6, 6}},
    YG_SAMPLES(yg_unary_samples),
};
