/*
 * log1p: y = log(1 + x), elementwise.
 *
 * vjp: dx = dy / (1 + x).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

YG_UNARY_MATH_TILES(log1p, YG_VECTOR_LOG1P(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_divide(graph, dy, yg_offset(graph, yg_node_operand(graph, y, 0), 1));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return log1p(yg_at(r, 0, index));
}

const yg_op yg_op_log1p = {
    .name = "log1p",
    .formula = "y = log(1 + x)",
    .doc = "The logarithm of 1 + x without the rounding of 1 + x: exact for small x.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(log1p),
    .vjp = vjp,
    .reference = reference,
    .domain = {{-0.6, 2}},
    YG_SAMPLES(yg_unary_samples),
};
