/*
 * gelu_tanh_gradient: the derivative of gelu with approximate=tanh, elementwise. With
 * v = 2 √(2/π) · (x + 0.044715 · x³) and p = sigmoid(v), gelu is x · p, and this is
 * dy · (p + x · p · (1 - p) · dv/dx). One pass in place of a dozen. Its own derivative is that of
 * its definition.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

static const double slope = 1.59576912160573071176; /* 2 √(2/π) */
static const double cubic = 0.044715;

/* x · dv/dx is kept within ±1e30: where it is infinite, p · (1 - p) is 0, and so is the limit. */
#define GELU_TANH_SLOPE(t, real)                                                                   \
    static inline __attribute__((always_inline)) real slope_##t(real x) {                          \
        const real far = (real)1e30, square = x * x;                                               \
        const real v = x * ((real)(slope * cubic) * square + (real)slope);                         \
        const real p = yg_vector_sigmoid_##t(v);                                                   \
        const real dv = x * ((real)(3 * slope * cubic) * square + (real)slope);                    \
        return p + (dv < -far ? -far : dv > far ? far : dv) * (p * (1 - p));                       \
    }
GELU_TANH_SLOPE(f32, float)
GELU_TANH_SLOPE(f64, double)

YG_BINARY_MATH_TILES(gelu_tanh_gradient, a *YG_VECTOR_OF_TYPE(slope, b))

/* For |x| > FAR, p is 0 or 1 in every element type. The derivative is taken of x clipped to
 * [-FAR, FAR]: no square overflows there, and no slope becomes infinity · 0. */
#define FAR 100

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_attr bounds[] = {{.f = -FAR}, {.f = FAR}};
    const yg_node x = yg_apply(graph, &yg_op_clip, &operands[1], 1, bounds);
    const yg_node square = yg_square(graph, x);
    const yg_node factor = yg_offset(graph, yg_scale(graph, square, slope * cubic), slope);
    const yg_node p = yg_sigmoid(graph, yg_multiply(graph, x, factor));
    const yg_node dv = yg_offset(graph, yg_scale(graph, square, 3 * slope * cubic), slope);
    const yg_node one = yg_scalar(graph, call->operands[1].dtype, 1);
    const yg_node dp = yg_multiply(graph, p, yg_subtract(graph, one, p));
    const yg_node bend = yg_multiply(graph, x, yg_multiply(graph, dp, dv));
    results[0] = yg_multiply(graph, operands[0], yg_add(graph, p, bend));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 1, index), v = slope * (x + cubic * x * x * x);
    const double p = 1 / (1 + exp(-v)), dv = slope * (1 + 3 * cubic * x * x);
    return yg_at(r, 0, index) * (p + x * p * (1 - p) * dv);
}

const yg_op yg_op_gelu_tanh_gradient = {
    .name = "gelu_tanh_gradient",
    .formula =
        "dx = dy · (p + x · p · (1 - p) · v'), p = sigmoid(v), v = 2 √(2/π) · (x + 0.044715 x³)",
    .doc = "The gradient of gelu with approximate=tanh.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"dy", "x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(gelu_tanh_gradient),
    .compose = definition,
    .reference = reference,
    .domain = {{0, 0}, {-3, 3}},
    YG_SAMPLES(yg_binary_samples),
};
