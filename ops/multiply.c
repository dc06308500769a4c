/*
 * multiply: y = a · b, elementwise.
 *
 * vjp: da = dy · b, db = dy · a.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_BINARY_TILES(multiply, a *b)
YG_BINARY_WRAPPING_TILES(multiply, a *b)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    return yg_multiply(graph, dy, yg_node_operand(graph, y, 1 - k));
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node a = operands[0], b = operands[1];
    if (yg_number_identity(graph, a) == YG_NONE)
        return YG_NONE; /* bools: the result is i32 */
    if (a == b)
        return yg_square(graph, a);
    for (size_t k = 0; k < 2; k++) {
        const yg_node x = operands[1 - k];
        if (yg_is_scalar_value(graph, operands[k], 1))
            return x;
        if (yg_is_scalar_value(graph, operands[k], -1))
            return yg_negative(graph, x);
    }
    const yg_node minus_a = yg_operand_if(graph, a, &yg_op_negative);
    const yg_node minus_b = yg_operand_if(graph, b, &yg_op_negative);
    if (minus_a == YG_NONE || minus_b == YG_NONE || yg_number_identity(graph, minus_a) == YG_NONE ||
        yg_number_identity(graph, minus_b) == YG_NONE)
        return YG_NONE;
    return yg_multiply(graph, minus_a, minus_b);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double a = yg_at(r, 0, index), b = yg_at(r, 1, index);
    return a * b;
}

const yg_op yg_op_multiply = {
    .name = "multiply",
    .formula = "y = a · b",
    .doc = "The product. Integers wrap around at 2^32 or 2^64; bools count as 0 and 1.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .flags = YG_OP_ELEMENTWISE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(multiply),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    YG_SAMPLES(yg_binary_number_samples),
};
