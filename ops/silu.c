/*
 * silu: y = x · sigmoid(x), elementwise.
 *
 * vjp: dx = dy · (s + y · (1 - s)), s = sigmoid(x).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_MATH_TILES(silu, x / (1 + exp(-x)))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node s = yg_sigmoid(graph, yg_node_operand(graph, y, 0));
    const yg_node one = yg_scalar(graph, yg_node_type(graph, y)->dtype, 1);
    const yg_node rest = yg_multiply(graph, y, yg_subtract(graph, one, s));
    return yg_multiply(graph, dy, yg_add(graph, s, rest));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return x / (1 + exp(-x));
}

const yg_op yg_op_silu = {
    .name = "silu",
    .formula = "y = x · sigmoid(x)",
    .doc = "Also called swish.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(silu),
    .vjp = vjp,
    .reference = reference,
    .domain = {{-6, 6}},
    YG_SAMPLES(yg_unary_samples),
};
