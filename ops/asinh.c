/*
 * asinh: y = log(x + √(x² + 1)), elementwise.
 *
 * vjp: dx = dy / √(x² + 1) = dy / cosh(y), where no square overflows.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_MATH_TILES(asinh, asinh(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_divide(graph, dy, yg_apply(graph, &yg_op_cosh, &y, 1, NULL));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return asinh(yg_at(r, 0, index));
}

const yg_op yg_op_asinh = {
    .name = "asinh",
    .formula = "y = log(x + √(x² + 1))",
    .doc = "The inverse of sinh.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(asinh),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
