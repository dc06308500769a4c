/*
 * pow: y = a^b, elementwise.
 *
 * vjp: da = dy · b · a^(b-1), 0 where b = 0; db = dy · y · log(a), 0 where a = 0 and b ≥ 0, and
 * where a is infinite and b < 0.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

/* base^exponent modulo 2^64, by repeated squaring. */
static int64_t integer_power(int64_t base, int64_t exponent) {
    if (exponent < 0)
        return base == 1 || base == -1 ? integer_power(base, -(exponent % 2)) : 0;
    uint64_t result = 1, factor = (uint64_t)base;
    for (uint64_t left = (uint64_t)exponent; left > 0; left >>= 1) {
        if (left & 1)
            result *= factor;
        factor *= factor;
    }
    return (int64_t)result;
}

YG_BINARY_MATH_TILES(pow, pow(a, b))
YG_BINARY_SIGNED_TILES(pow, integer_power(a, b))

/* The factor of dy in da: b · a^(b-1), and 0 where b = 0. Without care, b = 0 gives 0 · infinity
 * for a = 0, and NaN for a = NaN. So the exponent b - 1 is replaced by 0 there, which also keeps
 * the infinity out of the second derivative. */
static yg_node base_factor(yg_graph *graph, yg_node a, yg_node b) {
    const yg_node zero = yg_scalar(graph, yg_node_type(graph, b)->dtype, 0);
    const yg_node no_power = yg_logical_not(graph, yg_greater(graph, yg_abs(graph, a), zero));
    const yg_node flat = yg_logical_and(graph, no_power, yg_equal(graph, b, zero));
    const yg_node exponent = yg_where(graph, flat, zero, yg_offset(graph, b, -1));
    return yg_multiply(graph, b, yg_pow(graph, a, exponent));
}

/* The factor of dy in db: y · log(a). It is 0 where a = 0 and b ≥ 0, and where a is infinite and
 * b < 0: there the logarithm is infinite and would make the product NaN or infinite. */
static yg_node exponent_factor(yg_graph *graph, yg_node y, yg_node a, yg_node b) {
    const yg_dtype dtype = yg_node_type(graph, a)->dtype;
    const yg_node zero = yg_scalar(graph, dtype, 0), one = yg_scalar(graph, dtype, 1);
    const yg_node at_zero =
        yg_logical_and(graph, yg_equal(graph, a, zero), yg_greater_equal(graph, b, zero));
    const yg_node at_infinity = yg_logical_and(
        graph, yg_equal(graph, a, yg_scalar(graph, dtype, INFINITY)), yg_less(graph, b, zero));
    const yg_node flat = yg_logical_or(graph, at_zero, at_infinity);
    return yg_multiply(graph, y, yg_log(graph, yg_where(graph, flat, one, a)));
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node a = yg_node_operand(graph, y, 0), b = yg_node_operand(graph, y, 1);
    double exponent;
    if (k == 1)
        return yg_multiply(graph, dy, exponent_factor(graph, y, a, b));
    if (!yg_node_is_scalar(graph, b, &exponent))
        return yg_multiply(graph, dy, base_factor(graph, a, b));
    if (exponent == 0)
        return YG_NONE;
    const yg_node power = yg_pow(graph, a, yg_offset(graph, b, -1));
    return yg_multiply(graph, dy, yg_scale(graph, power, exponent));
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    const yg_node a = operands[0];
    double exponent;
    if (!yg_node_is_scalar(graph, operands[1], &exponent) ||
        yg_number_identity(graph, a) == YG_NONE)
        return YG_NONE;
    if (exponent == 1)
        return a;
    if (exponent == 2)
        return yg_square(graph, a);
    if (exponent == 3)
        return yg_multiply(graph, a, yg_square(graph, a));
    if (!yg_dtype_is_float(yg_node_type(graph, a)->dtype))
        return YG_NONE;
    if (exponent == 0.5)
        return yg_sqrt(graph, a);
    if (exponent == -0.5)
        return yg_rsqrt(graph, a);
    if (exponent == -1)
        return yg_reciprocal(graph, a);
    return YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double a = yg_at(r, 0, index), b = yg_at(r, 1, index);
    const double power = pow(a, b);
    return yg_dtype_is_float(r->out_type->dtype) ? power : trunc(power);
}

static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]"}, NULL}, {{"f[3, 1367]", "f[1367]"}, NULL}, {{"f[]", "f[2, 5]"}, NULL},
    {{"f[3, 1]", "f[1, 4]"}, NULL}, {{"f[0, 3]", "f[3]"}, NULL},       {{"i[7, 5]", "i[5]"}, NULL},
    {{"f[6]", "i[6]"}, NULL},
};

const yg_op yg_op_pow = {
    .name = "pow",
    .formula = "y = a^b",
    .doc =
        "a to the power b; NaN for a negative a with a fractional b. Among integers, a negative "
        "power of anything but 1 and -1 is 0. The gradients are 0 where b = 0 (of a), also for "
        "a NaN, and where a = 0 and b >= 0 (of b). A constant b of 0.5 or -0.5 is sqrt or rsqrt, "
        "as in PyTorch: NaN at minus infinity, and -0 keeps its sign.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .flags = YG_OP_ELEMENTWISE,
    .infer = yg_infer_number,
    .tile = YG_ALL_TILES(pow),
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .domain = {{0.5, 2}, {-2, 2}},
    YG_SAMPLES(samples),
};
