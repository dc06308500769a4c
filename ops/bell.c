/*
 * bell: y = exp(-x²), elementwise: the slope of erf, up to a factor.
 *
 * vjp: dx = -2 · dy · x · y.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

YG_UNARY_MATH_TILES(bell, YG_VECTOR_EXP(-(x *x)))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node twice = yg_scale(graph, yg_node_operand(graph, y, k), -2);
    return yg_multiply(graph, dy, yg_multiply(graph, twice, y));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    results[0] = yg_exp(graph, yg_negative(graph, yg_square(graph, operands[0])));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return exp(-x * x);
}

const yg_op yg_op_bell = {
    .name = "bell",
    .formula = "y = exp(-x²)",
    .doc = "The slope of erf, up to a factor.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(bell),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
