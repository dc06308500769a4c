/*
 * acosh: y = log(x + √(x² - 1)), elementwise.
 *
 * vjp: dx = dy / √(x² - 1) = dy / sinh(y), which keeps its digits near x = 1.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_MATH_TILES(acosh, acosh(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_divide(graph, dy, yg_apply(graph, &yg_op_sinh, &y, 1, NULL));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return acosh(yg_at(r, 0, index));
}

const yg_op yg_op_acosh = {
    .name = "acosh",
    .formula = "y = log(x + √(x² - 1))",
    .doc = "The inverse of cosh on [0, inf); NaN below 1. The gradient at 1 is infinite.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(acosh),
    .vjp = vjp,
    .reference = reference,
    .domain = {{1.1, 4}},
    YG_SAMPLES(yg_unary_samples),
};
