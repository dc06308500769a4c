/*
 * sign: y = 1 if x > 0, -1 if x < 0, else 0, elementwise.
 *
 * vjp: none: a step function.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TILES(sign, (x > 0) - (x < 0))
YG_UNARY_SIGNED_TILES(sign, (x > 0) - (x < 0))
YG_UNARY_TILE(sign_bool, uint8_t, int32_t, x)

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return (x > 0) - (x < 0);
}

const yg_op yg_op_sign = {
    .name = "sign",
    .formula = "y = 1 if x > 0, -1 if x < 0, else 0",
    .doc = "The sign; 0 for 0 and for NaN.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_NON_DIFFERENTIABLE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(sign),
    .reference = reference,
    YG_SAMPLES(yg_unary_number_samples),
};
