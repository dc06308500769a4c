/*
 * abs: y = |x|, elementwise.
 *
 * vjp: dx = dy · sign(x), which is 0 at x = 0.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TILES(abs, fabs(x))
YG_UNARY_TILE(abs_bool, uint8_t, int32_t, x)
YG_UNARY_TILE(abs_i32, int32_t, int32_t, x < 0 ? 0 - (uint32_t)x : (uint32_t)x)
YG_UNARY_TILE(abs_i64, int64_t, int64_t, x < 0 ? 0 - (uint64_t)x : (uint64_t)x)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_multiply(graph, dy, yg_sign(graph, yg_node_operand(graph, y, 0)));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return fabs(yg_at(r, 0, index));
}

const yg_op yg_op_abs = {
    .name = "abs",
    .formula = "y = |x|",
    .doc = "The absolute value; the gradient at 0 is 0. The lowest integer wraps around to itself.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(abs),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(yg_unary_number_samples),
};
