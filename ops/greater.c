/*
 * greater: y = a > b, elementwise.
 *
 * vjp: none: the result is bool.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_BINARY_TEST_TILES(greater, a > b)

static double reference(const yg_reference *r, const int64_t *index) {
    const double a = yg_at(r, 0, index), b = yg_at(r, 1, index);
    return a > b;
}

const yg_op yg_op_greater = {
    .name = "greater",
    .formula = "y = a > b",
    .doc = "Whether a is greater than b; never for NaN.",
    .group = "comparison",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_NON_DIFFERENTIABLE,
    .infer = yg_infer_bool,
    .tile = YG_ALL_TILES(greater),
    .reference = reference,
    YG_SAMPLES(yg_binary_number_samples),
};
