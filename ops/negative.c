/*
 * negative: y = -x, elementwise.
 *
 * vjp: dx = -dy.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TILES(negative, -x)
YG_UNARY_WRAPPING_TILES(negative, 0u - x)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)y;
    (void)k;
    return yg_negative(graph, dy);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node x = operands[0];
    const yg_node opposite = yg_operand_if(graph, x, &yg_op_negative);
    if (opposite != YG_NONE)
        return yg_number_identity(graph, opposite);
    if (yg_node_op(graph, x) == &yg_op_subtract &&
        yg_number_identity(graph, yg_node_operand(graph, x, 0)) != YG_NONE)
        return yg_subtract(graph, yg_node_operand(graph, x, 1), yg_node_operand(graph, x, 0));
    return YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return -yg_at(r, 0, index);
}

const yg_op yg_op_negative = {
    .name = "negative",
    .formula = "y = -x",
    .doc = "The opposite. Integers wrap around; bools count as 0 and 1.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(negative),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    YG_SAMPLES(yg_unary_number_samples),
};
