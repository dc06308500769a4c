/*
 * lgamma: y = log |Γ(x)|, elementwise.
 *
 * vjp: dx = dy · digamma(x).
 */
#define _DEFAULT_SOURCE /* lgamma_r() */
#include "build.h"
#include "elementwise.h"
#include "in_double.h"
#include "registry.h"
#include "vector_functions.h"

/* lgamma() also writes the sign of Γ(x) to a variable of the process: two threads would write it at
 * the same time. lgamma_r() writes it where we say. */
static double log_gamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

/* lgamma(x) has many roots below 0. Near them it is exact to the last digits only by much care. So
 * it has no vector form. */
static void lgamma_f64(void *out, const void *const *in, size_t n, const yg_attr *attrs) {
    (void)attrs;
    for (size_t i = 0; i < n; i++)
        ((double *)out)[i] = log_gamma(((const double *)in[0])[i]);
}

static const double pi = 3.14159265358979323846, half_log_2pi = 0.91893853320467274178;

/* sin(πr) / r for |r| <= ½: Taylor's series; its error is below 1e-11. */
static inline __attribute__((always_inline)) double sine_slope(double r) {
    const double w = r * r;
    double p = -2.1915353447830215827e-5;
    p = p * w + 4.6630280576761256442e-4;
    p = p * w - 7.3704309457143507e-3;
    p = p * w + 8.2145886611128228798e-2;
    p = p * w - 5.9926452932079207688e-1;
    p = p * w + 2.5501640398773454439;
    p = p * w - 5.1677127800499700292;
    return p * w + pi;
}

/* log Γ(z) for z >= 8, without log z · (z - ½): Stirling's series. Source of the formulas:
 * Abramowitz, Stegun, "Handbook of mathematical functions", 6.1.17, 6.1.40. */
static inline __attribute__((always_inline)) double stirling(double z) {
    const double inverse = 1 / z, w = inverse * inverse;
    double p = 1. / 156;
    p = p * w - 691. / 360360;
    p = p * w + 1. / 1188;
    p = p * w - 1. / 1680;
    p = p * w + 1. / 1260;
    p = p * w - 1. / 360;
    p = p * w + 1. / 12;
    return (half_log_2pi - z) + p * inverse;
}

/* log |Γ(x)| to 1e-14, which is exact for a float near a root, too. With y = |x|, below 8 with
 * z = y + 8, Γ(y) = Γ(z) / (y (y + 1) … (y + 7)), and Γ(-y) = -π / (y sin(πy) Γ(y)). Both
 * logarithms are taken of numbers other than 0 and infinity; the ends are put in afterwards. */
static inline __attribute__((always_inline)) double wide_log_gamma(double x) {
    const double y = fabs(x), is_large = y < 8 ? 0 : 1;
    const double t = y < 8 ? y : 1; /* of a large number the product is not used */
    const double product = (t + 1) * (t + 2) * ((t + 3) * (t + 4)) * ((t + 5) * (t + 6) * (t + 7));
    const double steps = is_large * (1 - product) + product; /* 1, or the product */
    const double z = y + 8 * (1 - is_large);
    const double rest = y - rint(y), sine = fabs(rest * sine_slope(rest));
    const double first = is_large == 0 ? y : 1;
    const double at_left = pi * steps / (sine * (is_large == 0 ? 1 : y));
    const double factor = x < 0 ? at_left : first * steps;
    const double logarithm = yg_log_of_f64(factor, 0);
    const double gamma = (z - 0.5) * yg_log_of_f64(z, 0) + stirling(z);
    const double both = x < 0 ? logarithm - gamma : gamma - logarithm;
    const double pole = (x == 0) | ((x < 0) & (rest == 0)) ? (double)INFINITY : both;
    const double root = (x == 1) | (x == 2) ? 0 : pole;
    return y == (double)INFINITY ? y : root;
}

YG_UNARY_MATH_TILE(wide_lgamma, double, (void)0, wide_log_gamma(x))
YG_TILE_IN_DOUBLE(lgamma_f32, wide_lgamma)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    return yg_multiply(graph, dy, yg_apply(graph, &yg_op_digamma, &x, 1, NULL));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return log_gamma(yg_at(r, 0, index));
}

const yg_op yg_op_lgamma = {
    .name = "lgamma",
    .formula = "y = log |Γ(x)|",
    .doc = "The logarithm of the gamma function; Γ(n + 1) = n!. inf at 0, -1, -2, … and at both "
           "infinities.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(lgamma),
    .vjp = vjp,
    .reference = reference,
    .domain = {{0.2, 5}},
    YG_SAMPLES(yg_unary_samples),
};
