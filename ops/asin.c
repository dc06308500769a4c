/*
 * asin: y = arcsin(x), elementwise.
 *
 * vjp: dx = dy / √(1 - x²).
 */
#include "build.h"
#include "elementwise.h"
#include "exp_range.h"
#include "registry.h"

YG_TILES_BY_RANGE(asin, 1, 1, asin(x), YG_ASIN(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    /* 1 - x² as a product: near ±1 the square would round the difference away. */
    const yg_node one = yg_scalar(graph, yg_node_type(graph, y)->dtype, 1);
    const yg_node below = yg_subtract(graph, one, x);
    const yg_node squared = yg_multiply(graph, below, yg_offset(graph, x, 1));
    return yg_multiply(graph, dy, yg_rsqrt(graph, squared));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return asin(yg_at(r, 0, index));
}

const yg_op yg_op_asin = {
    .name = "asin",
    .formula = "y = arcsin(x)",
    .doc = "The angle in [-π/2, π/2] whose sine is x; NaN outside [-1, 1]. The gradient at ±1 is "
           "infinite.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(asin),
    .vjp = vjp,
    .reference = reference,
    .domain = {{-0.9, 0.9}},
    YG_SAMPLES(yg_unary_samples),
};
