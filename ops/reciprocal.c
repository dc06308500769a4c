/*
 * reciprocal: y = 1 / x, elementwise.
 *
 * vjp: dx = -dy · y².
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TILES(reciprocal, 1 / x)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_negative(graph, yg_multiply(graph, dy, yg_square(graph, y)));
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node x = operands[0];
    const yg_node root = yg_operand_if(graph, x, &yg_op_sqrt);
    return root == YG_NONE ? YG_NONE : yg_rsqrt(graph, root);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return 1 / yg_at(r, 0, index);
}

const yg_op yg_op_reciprocal = {
    .name = "reciprocal",
    .formula = "y = 1 / x",
    .doc = "The inverse; infinite at 0.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(reciprocal),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .domain = {{0.5, 2}},
    YG_SAMPLES(yg_unary_samples),
};
