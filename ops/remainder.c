/*
 * remainder: y = a - b · floor(a / b), elementwise.
 *
 * Its derivative is that of its definition, a - b · floor_divide(a, b): da = dy,
 * db = -dy · floor(a / b).
 */
#include "build.h"
#include "elementwise.h"
#include "floor_division_tile.h"
#include "registry.h"

YG_FLOOR_DIVISION_TILES(remainder, rest)
YG_BINARY_SIGNED_TILES(remainder, yg_floor_rest(a, b))

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node quotient = yg_apply(graph, &yg_op_floor_divide, operands, 2, NULL);
    results[0] = yg_subtract(graph, operands[0], yg_multiply(graph, operands[1], quotient));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double a = yg_at(r, 0, index), b = yg_at(r, 1, index);
    return a - b * floor(a / b);
}

static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]"}, NULL}, {{"f[3, 1367]", "f[1367]"}, NULL}, {{"f[]", "f[]"}, NULL},
    {{"f[0, 3]", "f[3]"}, NULL},    {{"i[7, 5]", "i[5]"}, NULL},       {{"i[6]", "f[6]"}, NULL},
};

const yg_op yg_op_remainder = {
    .name = "remainder",
    .formula = "y = a - b · floor(a / b)",
    .doc = "What floor_divide leaves; it has the divisor's sign, as Python's %. An integer modulo "
           "0 gives 0, a float NaN.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .flags = YG_OP_ELEMENTWISE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(remainder),
    .compose = definition,
    .reference = reference,
    .domain = {{-9, 9}, {0.7, 3}},
    YG_SAMPLES(samples),
};
