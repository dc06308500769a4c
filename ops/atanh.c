/*
 * atanh: y = log((1 + x) / (1 - x)) / 2, elementwise.
 *
 * vjp: dx = dy / (1 - x²).
 */
#include "build.h"
#include "elementwise.h"
#include "exp_range.h"
#include "registry.h"

YG_TILES_BY_RANGE(atanh, 1, 1, atanh(x), YG_ATANH(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    /* 1 - x² as a product: near ±1 the square would round the difference away. */
    const yg_node one = yg_scalar(graph, yg_node_type(graph, y)->dtype, 1);
    const yg_node below = yg_subtract(graph, one, x);
    const yg_node squared = yg_multiply(graph, below, yg_offset(graph, x, 1));
    return yg_divide(graph, dy, squared);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return atanh(yg_at(r, 0, index));
}

const yg_op yg_op_atanh = {
    .name = "atanh",
    .formula = "y = log((1 + x) / (1 - x)) / 2",
    .doc = "The inverse of tanh; infinite at ±1, NaN outside [-1, 1].",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(atanh),
    .vjp = vjp,
    .reference = reference,
    .domain = {{-0.9, 0.9}},
    YG_SAMPLES(yg_unary_samples),
};
