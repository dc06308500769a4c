/*
 * cosh: y = (exp(x) + exp(-x)) / 2, elementwise.
 *
 * vjp: dx = dy · sinh(x).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

YG_UNARY_MATH_TILES(cosh, YG_VECTOR_COSH(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    return yg_multiply(graph, dy, yg_apply(graph, &yg_op_sinh, &x, 1, NULL));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return cosh(yg_at(r, 0, index));
}

const yg_op yg_op_cosh = {
    .name = "cosh",
    .formula = "y = (exp(x) + exp(-x)) / 2",
    .doc = "The hyperbolic cosine.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(cosh),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
