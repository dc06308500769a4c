/*
 * log: y = log(x), elementwise.
 *
 * vjp: dx = dy / x.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_MATH_TILES(log, log(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_divide(graph, dy, yg_node_operand(graph, y, 0));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return log(yg_at(r, 0, index));
}

const yg_op yg_op_log = {
    .name = "log",
    .formula = "y = log(x)",
    .doc = "The natural logarithm: -inf at 0, NaN below.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(log),
    .vjp = vjp,
    .reference = reference,
    .domain = {{0.3, 3}},
    YG_SAMPLES(yg_unary_samples),
};
