/*
 * trunc: y = x without its fraction, elementwise.
 *
 * vjp: none: a step function.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TILES(trunc, trunc(x))
YG_UNARY_SIGNED_TILES(trunc, x)
YG_UNARY_TILE(trunc_bool, uint8_t, int32_t, x)

static double reference(const yg_reference *r, const int64_t *index) {
    return trunc(yg_at(r, 0, index));
}

const yg_op yg_op_trunc = {
    .name = "trunc",
    .formula = "y = ⌊x⌋ if x > 0, else ⌈x⌉",
    .doc = "Drops the fraction: the whole number next to x on the side of 0. Integers stay as they "
           "are.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_NON_DIFFERENTIABLE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(trunc),
    .reference = reference,
    .domain = {{-9, 9}},
    YG_SAMPLES(yg_unary_number_samples),
};
