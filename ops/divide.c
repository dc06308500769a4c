/*
 * divide: y = a / b, elementwise.
 *
 * vjp: da = dy / b, db = -(dy / b) · y.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_BINARY_TILES(divide, a / b)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node da = yg_divide(graph, dy, yg_node_operand(graph, y, 1));
    return k == 0 ? da : yg_negative(graph, yg_multiply(graph, da, y));
}

/* Whether multiplying by 1 / divisor gives the same bits as dividing. That holds for powers of two;
 * they must be well inside the range of f32, so that the inverse neither overflows nor underflows.
 */
static bool has_exact_reciprocal(double divisor) {
    int exponent;
    const double fraction = frexp(divisor, &exponent);
    return fabs(fraction) == 0.5 && exponent > -100 && exponent < 100;
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node a = operands[0], b = operands[1];
    if (yg_is_scalar_value(graph, b, 1))
        return a;
    if (yg_is_scalar_value(graph, b, -1))
        return yg_negative(graph, a);
    if (yg_is_scalar_value(graph, a, 1))
        return yg_reciprocal(graph, b);
    double divisor;
    if (yg_node_is_scalar(graph, b, &divisor) && has_exact_reciprocal(divisor))
        return yg_scale(graph, a, 1 / divisor);
    return YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double a = yg_at(r, 0, index), b = yg_at(r, 1, index);
    return a / b;
}

const yg_op yg_op_divide = {
    .name = "divide",
    .formula = "y = a / b",
    .doc = "The quotient; x / 0 is infinite, 0 / 0 is NaN. Integers are converted to floats first: "
           "floor_divide keeps them.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(divide),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .domain = {{-2, 2}, {0.5, 2}},
    YG_SAMPLES(yg_binary_number_samples),
};
