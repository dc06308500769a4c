/*
 * expm1: y = exp(x) - 1, elementwise.
 *
 * vjp: dx = dy · exp(x). It also equals dy · (y + 1), but that loses its digits if y is close to
 * -1.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

YG_UNARY_MATH_TILES(expm1, YG_VECTOR_EXPM1(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_multiply(graph, dy, yg_exp(graph, yg_node_operand(graph, y, 0)));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return expm1(yg_at(r, 0, index));
}

const yg_op yg_op_expm1 = {
    .name = "expm1",
    .formula = "y = exp(x) - 1",
    .doc = "exp(x) - 1 without the cancellation: exact for small x.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(expm1),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
