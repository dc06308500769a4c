/*
 * lgamma: y = log |Γ(x)|, elementwise.
 *
 * vjp: dx = dy · digamma(x).
 */
#define _DEFAULT_SOURCE /* lgamma_r() */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

/* lgamma() also writes the sign of Γ(x) to a variable of the process: two threads would write it at
 * the same time. lgamma_r() writes it where we say. */
static double log_gamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

static float log_gamma_f32(float x) {
    int sign;
    return lgammaf_r(x, &sign);
}

/* There is no vector form: a plain loop, and so the same bits in every place. */
#define LGAMMA_TILE(tile, real, function)                                                          \
    static void tile(void *out, const void *const *in, size_t n, const yg_attr *attrs) {           \
        (void)attrs;                                                                               \
        const real *x = in[0];                                                                     \
        real *y = out;                                                                             \
        for (size_t i = 0; i < n; i++)                                                             \
            y[i] = function(x[i]);                                                                 \
    }
LGAMMA_TILE(lgamma_f32, float, log_gamma_f32)
LGAMMA_TILE(lgamma_f64, double, log_gamma)

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
