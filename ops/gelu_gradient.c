/*
 * gelu_gradient: dy · (Φ(x) + x · φ(x)), the derivative of exact gelu, elementwise. φ is the
 * density of Φ. One pass in place of ten: both need exp(-x²/2). Its own derivative is that of its
 * definition.
 */
#include "build.h"
#include "elementwise.h"
#include "exp_range.h"
#include "normal_cdf.h"
#include "registry.h"

static const double sqrt_half = 0.70710678118654752440;        /* √(1/2) */
static const double inverse_sqrt_2pi = 0.39894228040143267794; /* 1 / √(2π) */

/* For |x| > FAR, Φ is 0 or 1 in every element type. The derivative is taken of x clipped to
 * [-FAR, FAR]: no square overflows there, and no slope becomes infinity · 0. */
#define FAR 100

static inline __attribute__((always_inline)) double slope_f64(double x) {
    x = copysign(fabs(x) > FAR ? (double)FAR : fabs(x), x);
    return 0.5 * YG_ERFC(-x * sqrt_half) + x * YG_EXP_LOW(-0.5 * x * x) * inverse_sqrt_2pi;
}

YG_BINARY_MATH_TILE(gelu_gradient_f32, float, a *yg_gelu_slope(b))
YG_BINARY_MATH_TILE(gelu_gradient_f64, double, a *slope_f64(b))

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_attr bounds[] = {{.f = -FAR}, {.f = FAR}};
    const yg_node x = yg_apply(graph, &yg_op_clip, &operands[1], 1, bounds);
    const yg_node scaled = yg_scale(graph, x, -sqrt_half);
    const yg_node cumulative = yg_scale(graph, yg_apply(graph, &yg_op_erfc, &scaled, 1, NULL), 0.5);
    const yg_node bell = yg_exp(graph, yg_scale(graph, yg_square(graph, x), -0.5));
    const yg_node density = yg_scale(graph, bell, inverse_sqrt_2pi);
    const yg_node slope = yg_add(graph, cumulative, yg_multiply(graph, x, density));
    results[0] = yg_multiply(graph, operands[0], slope);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 1, index);
    const double cumulative = (1 + erf(x / sqrt(2.0))) / 2;
    return yg_at(r, 0, index) *
           (cumulative + x * exp(-x * x / 2) / sqrt(2 * 3.14159265358979323846));
}

const yg_op yg_op_gelu_gradient = {
    .name = "gelu_gradient",
    .formula = "dx = dy · (Φ(x) + x · φ(x))",
    .doc = "The gradient of exact gelu.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"dy", "x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(gelu_gradient),
    .compose = definition,
    .reference = reference,
    .domain = {{0, 0}, {-3, 3}},
    YG_SAMPLES(yg_binary_samples),
};
