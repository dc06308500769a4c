/*
 * relu: y = max(x, 0), elementwise.
 *
 * vjp: dx = dy where y > 0, else 0.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TILES(relu, x < 0 ? 0 : x)
YG_UNARY_SIGNED_TILES(relu, x < 0 ? 0 : x)
YG_UNARY_TILE(relu_bool, uint8_t, int32_t, x)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node zero = yg_scalar(graph, yg_node_type(graph, y)->dtype, 0);
    return yg_where(graph, yg_less_equal(graph, y, zero), zero, dy);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node x = operands[0];
    return yg_node_op(graph, x) == &yg_op_relu ? x : YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return x < 0 ? 0 : x;
}

const yg_op yg_op_relu = {
    .name = "relu",
    .formula = "y = max(x, 0)",
    .doc = "The rectifier; the gradient at 0 is 0, NaN stays NaN.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(relu),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    YG_SAMPLES(yg_unary_number_samples),
};
