/*
 * floor_divide: y = floor(a / b), elementwise.
 *
 * vjp: none: a step function.
 */
#include "build.h"
#include "elementwise.h"
#include "floor_division_tile.h"
#include "registry.h"

YG_FLOOR_DIVISION_TILES(floor_divide, quotient)
YG_BINARY_SIGNED_TILES(floor_divide, yg_floor_quotient(a, b))

static double reference(const yg_reference *r, const int64_t *index) {
    const double a = yg_at(r, 0, index), b = yg_at(r, 1, index);
    return floor(a / b);
}

static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]"}, NULL}, {{"f[3, 1367]", "f[1367]"}, NULL}, {{"f[]", "f[]"}, NULL},
    {{"f[0, 3]", "f[3]"}, NULL},    {{"i[7, 5]", "i[5]"}, NULL},       {{"i[6]", "f[6]"}, NULL},
};

const yg_op yg_op_floor_divide = {
    .name = "floor_divide",
    .formula = "y = floor(a / b)",
    .doc = "The quotient rounded down, Python's //, so that a = b * floor_divide(a, b) + "
           "remainder(a, b). An integer divided by 0 gives 0, a float infinity or NaN.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_NON_DIFFERENTIABLE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(floor_divide),
    .reference = reference,
    .domain = {{-9, 9}, {0.7, 3}},
    YG_SAMPLES(samples),
};
