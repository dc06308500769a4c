/*
 * logical_and: y = a and b, elementwise.
 *
 * vjp: none: the result is bool.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_BINARY_TEST_TILES(logical_and, (a != 0) & (b != 0))

static double reference(const yg_reference *r, const int64_t *index) {
    const double a = yg_at(r, 0, index), b = yg_at(r, 1, index);
    return a != 0 && b != 0;
}

const yg_op yg_op_logical_and = {
    .name = "logical_and",
    .formula = "y = a and b",
    .doc = "Whether both are true; a number is true unless it is 0, NaN included.",
    .group = "comparison",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_NON_DIFFERENTIABLE,
    .infer = yg_infer_bool,
    .tile = YG_ALL_TILES(logical_and),
    .reference = reference,
    YG_SAMPLES(yg_binary_number_samples),
};
