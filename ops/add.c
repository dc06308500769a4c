/*
 * add: y = a + b, elementwise.
 *
 * vjp: da = dy, db = dy.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_BINARY_TILES(add, a + b)
YG_BINARY_WRAPPING_TILES(add, a + b)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)graph;
    (void)y;
    (void)k;
    return dy;
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node a = operands[0], b = operands[1];
    if (yg_is_scalar_value(graph, a, 0))
        return yg_number_identity(graph, b);
    if (yg_is_scalar_value(graph, b, 0))
        return yg_number_identity(graph, a);
    const yg_node minus_a = yg_operand_if(graph, a, &yg_op_negative);
    const yg_node minus_b = yg_operand_if(graph, b, &yg_op_negative);
    if (minus_b != YG_NONE && yg_number_identity(graph, minus_b) != YG_NONE)
        return yg_subtract(graph, a, minus_b);
    if (minus_a != YG_NONE && yg_number_identity(graph, minus_a) != YG_NONE)
        return yg_subtract(graph, b, minus_a);
    return YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double a = yg_at(r, 0, index), b = yg_at(r, 1, index);
    return a + b;
}

const yg_op yg_op_add = {
    .name = "add",
    .formula = "y = a + b",
    .doc = "The sum. Integers wrap around at 2^32 or 2^64; bools count as 0 and 1.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .flags = YG_OP_ELEMENTWISE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(add),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    YG_SAMPLES(yg_binary_number_samples),
};
