/*
 * sinh: y = (exp(x) - exp(-x)) / 2, elementwise.
 *
 * vjp: dx = dy · cosh(x).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

YG_UNARY_MATH_TILES(sinh, YG_VECTOR_SINH(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    return yg_multiply(graph, dy, yg_apply(graph, &yg_op_cosh, &x, 1, NULL));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return sinh(yg_at(r, 0, index));
}

const yg_op yg_op_sinh = {
    .name = "sinh",
    .formula = "y = (exp(x) - exp(-x)) / 2",
    .doc = "The hyperbolic sine.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(sinh),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
