/*
 * minimum: y = min(a, b), elementwise.
 *
 * vjp: da = dy where a is chosen, dy / 2 where a = b, else 0; db likewise.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

/* NaN must win. If b is NaN, the first test is false and b is taken; a != a holds if a is NaN. */
YG_BINARY_TILES(minimum, ((a <= b) | (a != a)) ? a : b)
YG_BINARY_SIGNED_TILES(minimum, a <= b ? a : b)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node mine = yg_node_operand(graph, y, k), other = yg_node_operand(graph, y, 1 - k);
    const yg_node operands[] = {dy, other, mine};
    return yg_apply(graph, &yg_op_larger_gradient, operands, 3, NULL);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node a = operands[0], b = operands[1];
    return a == b ? yg_number_identity(graph, a) : YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double a = yg_at(r, 0, index), b = yg_at(r, 1, index);
    if (isnan(a) || isnan(b))
        return NAN;
    return fmin(a, b);
}

const yg_op yg_op_minimum = {
    .name = "minimum",
    .formula = "y = min(a, b)",
    .doc = "The smaller of two values; NaN if either is. Where both are equal, each gets half of "
           "the gradient.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .flags = YG_OP_ELEMENTWISE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(minimum),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    YG_SAMPLES(yg_binary_number_samples),
};
