/*
 * log10: y = log(x) / log(10), elementwise.
 *
 * vjp: dx = dy / (x · log(10)).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_MATH_TILES(log10, log10(x))

static const double log_of_base = 2.30258509299404568402; /* log(10) */

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    return yg_divide(graph, dy, yg_scale(graph, x, log_of_base));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return log10(yg_at(r, 0, index));
}

const yg_op yg_op_log10 = {
    .name = "log10",
    .formula = "y = log(x) / log(10)",
    .doc = "The logarithm to base 10: -inf at 0, NaN below.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(log10),
    .vjp = vjp,
    .reference = reference,
    .domain = {{0.3, 3}},
    YG_SAMPLES(yg_unary_samples),
};
