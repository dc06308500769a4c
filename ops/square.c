/*
 * square: y = x², elementwise.
 *
 * vjp: dx = 2 · dy · x.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TILES(square, x *x)
YG_UNARY_WRAPPING_TILES(square, x *x)

/* The factor 2 joins a cotangent that is broadcast, as that of a sum, before it is broadcast: it
 * then costs nothing. */
static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_node narrow = yg_operand_if(graph, dy, &yg_op_broadcast);
    if (narrow == YG_NONE)
        return yg_multiply(graph, dy, yg_scale(graph, x, 2));
    const yg_type type = *yg_node_type(graph, dy);
    return yg_multiply(graph, yg_broadcast(graph, yg_scale(graph, narrow, 2), &type), x);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node x = operands[0];
    const yg_node opposite = yg_operand_if(graph, x, &yg_op_negative);
    if (opposite == YG_NONE || yg_number_identity(graph, opposite) == YG_NONE)
        return YG_NONE;
    return yg_square(graph, opposite);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return x * x;
}

const yg_op yg_op_square = {
    .name = "square",
    .formula = "y = x²",
    .doc = "The square. Integers wrap around; bools count as 0 and 1.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(square),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    YG_SAMPLES(yg_unary_number_samples),
};
