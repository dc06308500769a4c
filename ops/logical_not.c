/*
 * logical_not: y = not x, elementwise.
 *
 * vjp: none: the result is bool.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TEST_TILES(logical_not, x == 0)

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node x = operands[0];
    const yg_node inner = yg_operand_if(graph, x, &yg_op_logical_not);
    if (inner == YG_NONE || yg_node_type(graph, inner)->dtype != YG_BOOL)
        return YG_NONE;
    return inner;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index) == 0;
}

const yg_op yg_op_logical_not = {
    .name = "logical_not",
    .formula = "y = not x",
    .doc = "Whether x is false; a number is true unless it is 0, NaN included.",
    .group = "comparison",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_NON_DIFFERENTIABLE,
    .infer = yg_infer_bool,
    .tile = YG_ALL_TILES(logical_not),
    .simplify = simplify,
    .reference = reference,
    YG_SAMPLES(yg_unary_number_samples),
};
