/*
 * silu_gradient: dy · (s + x · s · (1 - s)) with s = sigmoid(x), the derivative of silu,
 * elementwise. One pass in place of six. Its own derivative is that of its definition.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_exp.h"

/* x is kept within ±1e30: infinity · 0 would be NaN; the limit is 0. */
#define YG_SILU_SLOPE(x, s, far)                                                                   \
    (s + ((x) < -(far) ? -(far) : (x) > (far) ? (far) : (x)) * (s * (1 - s)))

static inline __attribute__((always_inline)) float slope_f32(float x) {
    const float s = yg_vector_sigmoid_f32(x);
    return YG_SILU_SLOPE(x, s, 1e30f);
}

static inline __attribute__((always_inline)) double slope_f64(double x) {
    const double s = yg_vector_sigmoid_f64(x);
    return YG_SILU_SLOPE(x, s, 1e30);
}

YG_BINARY_MATH_TILE(silu_gradient_f32, float, a *slope_f32(b))
YG_BINARY_MATH_TILE(silu_gradient_f64, double, a *slope_f64(b))

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node dy = operands[0], x = operands[1], s = yg_sigmoid(graph, x);
    const yg_dtype dtype = call->operands[1].dtype;
    /* If silu(x) is infinite, 1 - s is 0 and the product would be NaN; its limit is 0. */
    const yg_node y = yg_apply(graph, &yg_op_silu, &x, 1, NULL);
    const yg_node finite = yg_minimum(graph, y, yg_scalar(graph, dtype, 1e30));
    const yg_node rest =
        yg_multiply(graph, finite, yg_subtract(graph, yg_scalar(graph, dtype, 1), s));
    results[0] = yg_multiply(graph, dy, yg_add(graph, s, rest));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 1, index), s = 1 / (1 + exp(-x));
    return yg_at(r, 0, index) * (s + x * s * (1 - s));
}

const yg_op yg_op_silu_gradient = {
    .name = "silu_gradient",
    .formula = "dx = dy · (s + x · s · (1 - s)), s = sigmoid(x)",
    .doc = "The gradient of silu.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"dy", "x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(silu_gradient),
    .compose = definition,
    .reference = reference,
    .domain = {{0, 0}, {-6, 6}},
    YG_SAMPLES(yg_binary_samples),
};
