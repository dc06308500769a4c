/*
 * mish: y = x · tanh(softplus(x)), elementwise.
 *
 * vjp: dx = dy · (t + x · (1 - t²) · sigmoid(x)), t = tanh(softplus(x)).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

/* x, but not below -1e30: at -infinity the product -infinity · 0 would be NaN; the limit is 0. */
#define BOUNDED (x < -(real)1e30 ? -(real)1e30 : x)
/* tanh(softplus(x)) = n / (n + 2) with n = eˣ · (eˣ + 2): one exponential instead of three
 * functions. For x >= 0 both sides are divided by e²ˣ, so that only exp(-|x|) is needed, which does
 * not overflow. */
#define MISH(t, type)                                                                              \
    static inline __attribute__((always_inline)) type mish_of_##t(type x) {                        \
        typedef type real;                                                                         \
        const real e = yg_vector_exp_##t(-fabs(x)), square = e * e, twice = 2 * e;                 \
        const real n = (x < 0 ? square : 1) + twice, rest = x < 0 ? 2 : 2 * square;                \
        return BOUNDED * (n / (n + rest));                                                         \
    }
MISH(f32, float)
MISH(f64, double)
YG_UNARY_MATH_TILES(mish, YG_VECTOR_OF_TYPE(mish_of, x))

/* For |x| > FAR the slope is 0 or 1 in every element type. The derivatives are taken of x
 * clipped to [-FAR, FAR], so that none of them is infinity · 0. */
#define FAR 800

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_attr bounds[] = {{.f = -FAR}, {.f = FAR}};
    const yg_node operand = yg_node_operand(graph, y, k);
    const yg_node x = yg_apply(graph, &yg_op_clip, &operand, 1, bounds);
    const yg_node t = yg_tanh(graph, yg_softplus(graph, x));
    const yg_node one = yg_scalar(graph, yg_node_type(graph, y)->dtype, 1);
    const yg_node rest = yg_subtract(graph, one, yg_square(graph, t));
    const yg_node bend = yg_multiply(graph, rest, yg_sigmoid(graph, x));
    return yg_multiply(graph, dy, yg_add(graph, t, yg_multiply(graph, x, bend)));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node x = operands[0];
    results[0] = yg_multiply(graph, x, yg_tanh(graph, yg_softplus(graph, x)));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return x * tanh(log1p(exp(x)));
}

const yg_op yg_op_mish = {
    .name = "mish",
    .formula = "y = x · tanh(softplus(x))",
    .doc = "A smooth rectifier like silu; 0 at minus infinity.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(mish),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-6, 6}},
    YG_SAMPLES(yg_unary_samples),
};
