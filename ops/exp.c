/*
 * exp: y = exp(x), elementwise.
 *
 * vjp: dx = dy · y.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

YG_UNARY_MATH_TILES(exp, YG_VECTOR_EXP(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_multiply(graph, dy, y);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return exp(yg_at(r, 0, index));
}

const yg_op yg_op_exp = {
    .name = "exp",
    .formula = "y = exp(x)",
    .doc = "The exponential function.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(exp),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
