/*
 * digamma: y = ψ(x) = d/dx log Γ(x), elementwise.
 *
 * With z = x + 10, the asymptotic series log(z) - 1/(2z) - 1/(12z²) + 1/(120z⁴) - … is exact to
 * double precision for x ≥ 0, and ψ(x) = ψ(z) - 1/x - 1/(x + 1) - … - 1/(x + 9). Below 0,
 * ψ(x) = ψ(1 - x) - π / tan(πx). Source of the formulas: Abramowitz, Stegun, "Handbook of
 * mathematical functions", 6.3.5, 6.3.7, 6.3.18.
 *
 * vjp: dx = dy · polygamma(x, 1).
 */
#include "build.h"
#include "elementwise.h"
#include "in_double.h"
#include "registry.h"

static const double pi = 3.14159265358979323846;

/* 1 / (t + k) + 1 / (t + k + 1), with one division */
#define PAIR(t, k) ((2 * (t) + (2 * (k) + 1)) / (((t) + (k)) * ((t) + ((k) + 1))))
/* The same for k = 0, where t + 0 would turn -0 into 0. */
#define FIRST_PAIR(t) ((2 * (t) + 1) / ((t) * ((t) + 1)))

/* ψ(y) for y ≥ 0; at -0 it is inf, at 0 -inf */
static inline double above_zero(double y) {
    /* Of a larger number the reciprocals do not count, and the products of PAIR would overflow. */
    const double t = y > 1e100 ? 1e100 : y;
    const double steps = FIRST_PAIR(t) + PAIR(t, 2) + PAIR(t, 4) + PAIR(t, 6) + PAIR(t, 8);
    const double inverse = 1 / (t + 10), w = inverse * inverse;
    const double series =
        w * (1. / 12 -
             w * (1. / 120 -
                  w * (1. / 252 - w * (1. / 240 - w * (1. / 132 - w * (691. / 32760 - w / 12))))));
    return log(y + 10) - inverse / 2 - series - steps;
}

/* No branch: every function is called for every x, so that the loop can be vectorised. */
static inline double psi(double x) {
    const double positive = above_zero(x < 0 ? 1 - x : x);
    const double rest = x - rint(x); /* tan(πx) has the period 1 */
    const double reflected = positive - pi / tan(pi * rest);
    return x < 0 ? (rest == 0 ? (double)NAN : reflected) : positive;
}

YG_UNARY_MATH_TILE(digamma_f64, double, (void)0, psi(x))

/* Near the root at 1.46 the terms cancel. */
YG_TILE_IN_DOUBLE(digamma_f32, digamma_f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_attr order = {.i = 1};
    return yg_multiply(graph, dy, yg_apply(graph, &yg_op_polygamma, &x, 1, &order));
}

/* The same recurrence over more steps, after which four terms of the series are enough. Thousands
 * of steps would need fewer terms, but their rounding adds up. */
static double reference(const yg_reference *r, const int64_t *index) {
    enum { STEPS = 40 };
    const double x = yg_at(r, 0, index), z = x + STEPS, w = 1 / (z * z);
    double sum =
        log(z) - 1 / (2 * z) - w * (1. / 12 - w * (1. / 120 - w * (1. / 252 - w * (1. / 240))));
    for (int k = STEPS - 1; k >= 0; k--)
        sum -= 1 / (x + k);
    return sum;
}

const yg_op yg_op_digamma = {
    .name = "digamma",
    .formula = "y = ψ(x) = d/dx log Γ(x)",
    .doc = "The derivative of lgamma. -inf at 0, inf at -0, NaN at -1, -2, … and at -inf.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(digamma),
    .vjp = vjp,
    .reference = reference,
    .domain = {{0.2, 4}},
    YG_SAMPLES(yg_unary_samples),
};
