/*
 * ceil: y = ⌈x⌉, elementwise.
 *
 * vjp: none: a step function.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TILES(ceil, ceil(x))
YG_UNARY_SIGNED_TILES(ceil, x)
YG_UNARY_TILE(ceil_bool, uint8_t, int32_t, x)

static double reference(const yg_reference *r, const int64_t *index) {
    return ceil(yg_at(r, 0, index));
}

const yg_op yg_op_ceil = {
    .name = "ceil",
    .formula = "y = ⌈x⌉",
    .doc = "The smallest whole number that is not below x. Integers stay as they are.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_NON_DIFFERENTIABLE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(ceil),
    .reference = reference,
    .domain = {{-9, 9}},
    YG_SAMPLES(yg_unary_number_samples),
};
