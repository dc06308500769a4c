/*
 * isnan: y = x is not a number, elementwise.
 *
 * vjp: none: the result is bool.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TEST_TILES(isnan, x != x)

static double reference(const yg_reference *r, const int64_t *index) {
    return isnan(yg_at(r, 0, index));
}

const yg_op yg_op_isnan = {
    .name = "isnan",
    .formula = "y = x is not a number",
    .doc = "Whether x is NaN; never for integers.",
    .group = "comparison",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_NON_DIFFERENTIABLE,
    .infer = yg_infer_bool,
    .tile = YG_ALL_TILES(isnan),
    .reference = reference,
    YG_SAMPLES(yg_unary_number_samples),
};
