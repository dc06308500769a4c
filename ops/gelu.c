/*
 * gelu: y = x · Φ(x), elementwise. Φ is the standard normal distribution function
 * (Hendrycks, Gimpel, "Gaussian error linear units", 2016). With approximate=tanh, Φ(x) is
 * (1 + tanh(u)) / 2 with u = √(2/π) · (x + 0.044715 x³).
 *
 * vjp: gelu_gradient, or gelu_tanh_gradient.
 */
#include "build.h"
#include "elementwise.h"
#include "exp_range.h"
#include "normal_cdf.h"
#include "registry.h"
#include "vector_exp.h"

static const double sqrt_half = 0.70710678118654752440;      /* √(1/2) */
static const double sqrt_2_over_pi = 0.79788456080286535588; /* √(2/π) */
static const double cubic = 0.044715;

enum { EXACT, TANH };
static const char *const forms[] = {[EXACT] = "none", [TANH] = "tanh", NULL};

/* x, but not below -1e30: at -infinity the product -infinity · Φ would be NaN; the limit is 0. */
#define BOUNDED (x < -(real)1e30 ? -(real)1e30 : x)

/* Φ(x) = erfc(-x / √2) / 2. The other form, (1 + erf(x / √2)) / 2, loses all digits for very
 * negative x, where erf is close to -1. */
YG_UNARY_MATH_TILE(gelu_exact_f32, float, (void)0, BOUNDED *yg_normal_cdf(x))
YG_UNARY_MATH_TILE(gelu_exact_f64, double, (void)0, 0.5 * BOUNDED * YG_ERFC(-x * sqrt_half))
/* (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)): the right side keeps its digits for the same reason. */
YG_UNARY_MATH_TILES(gelu_tanh, BOUNDED *YG_VECTOR_SIGMOID((real)(2 * sqrt_2_over_pi) *
                                                          (x + (real)cubic * x * x * x)))

static void gelu_f32(void *out, const void *const *in, size_t n, const yg_attr *attrs) {
    (attrs[0].i == TANH ? gelu_tanh_f32 : gelu_exact_f32)(out, in, n, attrs);
}

static void gelu_f64(void *out, const void *const *in, size_t n, const yg_attr *attrs) {
    (attrs[0].i == TANH ? gelu_tanh_f64 : gelu_exact_f64)(out, in, n, attrs);
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_op *op =
        yg_node_attrs(graph, y)[0].i == TANH ? &yg_op_gelu_tanh_gradient : &yg_op_gelu_gradient;
    return yg_apply(graph, op, (const yg_node[]){dy, yg_node_operand(graph, y, k)}, 2, NULL);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node x = operands[0];
    if (call->attrs[0].i == TANH) {
        const yg_node cube = yg_multiply(graph, x, yg_square(graph, x));
        const yg_node u = yg_add(graph, x, yg_scale(graph, cube, cubic));
        results[0] =
            yg_multiply(graph, x, yg_sigmoid(graph, yg_scale(graph, u, 2 * sqrt_2_over_pi)));
    } else {
        const yg_node scaled = yg_scale(graph, x, -sqrt_half);
        const yg_node twice = yg_apply(graph, &yg_op_erfc, &scaled, 1, NULL);
        results[0] = yg_multiply(graph, x, yg_scale(graph, twice, 0.5));
    }
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    if (r->call->attrs[0].i == EXACT)
        return x * (1 + erf(x / sqrt(2.0))) / 2;
    return x * (1 + tanh(sqrt_2_over_pi * (x + 0.044715 * x * x * x))) / 2;
}

static const yg_attr_spec attrs[] = {
    {.name = "approximate",
     .kind = YG_ATTR_CHOICE,
     .fallback = {.i = EXACT},
     .choices = forms,
     .doc = "tanh for the cheaper form that GPT-2 uses"},
};

static const yg_attr with_tanh[] = {{.i = TANH}};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, NULL}, {{"f[3, 1367]"}, NULL}, {{"f[3, 1367]"}, with_tanh},
    {{"f[]"}, NULL},     {{"f[]"}, with_tanh},   {{"f[0, 3]"}, NULL},
};

const yg_op yg_op_gelu = {
    .name = "gelu",
    .formula = "y = x · Φ(x), Φ the standard normal distribution function",
    .doc = "The Gaussian error linear unit, exact or by a tanh.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(gelu),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-3, 3}},
    YG_SAMPLES(samples),
};
