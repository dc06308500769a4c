/*
 * Functions of one number at zeros, at the infinities, at NaN, at huge and tiny numbers and where
 * they saturate: values and slopes against their definitions in long double.
 *
 * A slope may not be lost where it is small: it is compared relative to itself.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

static const double points[] = {
    -INFINITY, -1e38, -1e20,  -800,     -103,     -89, -50,   -38,  -30,      -20,  -17,
    -10,       -6,    -5,     -3,       -1.5,     -1,  -0.9,  -0.5, -.1,      -0.0, 0,
    0.25,      0.75,  1,      2.5,      5,        6,   9,     10,   17,       20,   37,
    38,        50,    87,     89,       103,      800, 1e20,  1e38, INFINITY, NAN,  1e-8,
    -1e-8,     1e-30, -1e-30, 0.015625, -.999999, 2,   1e-20, 3,
};
enum { POINTS = sizeof points / sizeof *points };

typedef long double (*function)(long double x);

typedef struct limit_case {
    const char *op;
    function value, slope;
    double attr;      /* the first, if there is one */
    bool from_result; /* the slope is right to an absolute epsilon only, as PyTorch's is */
    int steepness; /* the exponential in it is of x to this power, whose rounding it multiplies */
} limit_case;

#define TWO_BY_SQRT_PI 1.128379167095512573896158903121545172L
#define SQRT_2         1.414213562373095048801688724209698079L
#define LOG_2          0.693147180559945309417232121458176568L
#define LOG_10         2.302585092994045684017991454684364208L
#define SELU_SCALE     1.0507009873554804934193349852946L
#define SELU_ALPHA     1.6732632423543772848170429916717L
#define SQRT_HALF      0.707106781186547524400844362104849039L

#define FUNCTION(name, expression)                                                                 \
    static long double name(long double x) {                                                       \
        return (expression);                                                                       \
    }

static long double normal(long double x) {
    return erfcl(-x * SQRT_HALF) / 2;
}
static long double density(long double x) {
    return expl(-x * x / 2) * TWO_BY_SQRT_PI * SQRT_HALF / 2;
}
static long double logistic(long double x) {
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}
/* The argument of the logistic function in gelu's cheap form. */
static long double inner(long double x) {
    return TWO_BY_SQRT_PI * SQRT_2 * (x + 0.044715L * x * x * x);
}
static long double inner_slope(long double x) {
    return TWO_BY_SQRT_PI * SQRT_2 * (1 + 3 * 0.044715L * x * x);
}

FUNCTION(negated, -x)
static long double minus_one(long double x) {
    (void)x;
    return -1;
}
FUNCTION(squared, x *x)
FUNCTION(doubled, 2 * x)
FUNCTION(inverse, 1 / x)
FUNCTION(inverse_slope, -1 / (x * x))
FUNCTION(log1p_slope, 1 / (1 + x))
FUNCTION(sqrt_slope, 1 / (2 * sqrtl(x)))
FUNCTION(inverse_sqrt, 1 / sqrtl(x))
FUNCTION(inverse_sqrt_slope, -powl(1 / sqrtl(x), 3) / 2)
FUNCTION(abs_slope, (x > 0) - (x < 0))
FUNCTION(minus_sin, -sinl(x))
FUNCTION(erf_slope, TWO_BY_SQRT_PI *expl(-x *x))
FUNCTION(erfc_slope, -TWO_BY_SQRT_PI *expl(-x *x))
FUNCTION(tan_slope, 1 / cosl(x) / cosl(x))
FUNCTION(asin_slope, 1 / sqrtl((1 - x) * (1 + x)))
FUNCTION(acos_slope, -1 / sqrtl((1 - x) * (1 + x)))
FUNCTION(atan_slope, 1 / (1 + x * x))
FUNCTION(asinh_slope, 1 / sqrtl(x * x + 1))
FUNCTION(acosh_slope, x < 1 ? (long double)NAN : 1 / sqrtl((x - 1) * (x + 1)))
FUNCTION(atanh_slope, 1 / ((1 - x) * (1 + x)))
FUNCTION(exp2_slope, exp2l(x) * LOG_2)
FUNCTION(log2_slope, 1 / (x * LOG_2))
FUNCTION(log10_slope, 1 / (x * LOG_10))
FUNCTION(tanh_slope, 1 / coshl(x) / coshl(x))
FUNCTION(logistic_slope, logistic(x) * logistic(-x))
FUNCTION(softplus, x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x)))
FUNCTION(relu, x > 0 || x != x ? x : 0)
FUNCTION(relu_slope, x > 0 || x != x)
FUNCTION(leaky, x > 0 ? x : 0.01L * x)
FUNCTION(leaky_slope, x > 0 ? 1 : 0.01L)
FUNCTION(elu, x > 0 ? x : expm1l(x))
FUNCTION(elu_slope, x > 0 ? 1 : expl(x))
FUNCTION(elu_half, x > 0 ? x : 0.5L * expm1l(x))
FUNCTION(elu_half_slope, x > 0 ? 1 : 0.5L * expl(x))
FUNCTION(celu_half, x > 0 ? x : 0.5L * expm1l(2 * x))
FUNCTION(celu_half_slope, x > 0 ? 1 : expl(2 * x))
FUNCTION(selu, SELU_SCALE *(x > 0 ? x : SELU_ALPHA * expm1l(x)))
FUNCTION(selu_slope, SELU_SCALE *(x > 0 ? 1 : SELU_ALPHA * expl(x)))
FUNCTION(gate, tanhl(softplus(x)))
FUNCTION(mish, isinf(x) && x < 0 ? 0 : x * gate(x))
FUNCTION(mish_slope, isinf(x) ? x > 0 : gate(x) + x * (1 - gate(x)) * (1 + gate(x)) * logistic(x))
FUNCTION(log_logistic, -softplus(-x))
FUNCTION(log_logistic_slope, logistic(-x))
FUNCTION(silu, isinf(x) && x < 0 ? 0 : x * logistic(x))
FUNCTION(silu_slope, isinf(x) ? x > 0 : logistic(x) * (1 + x * logistic(-x)))
FUNCTION(gelu, isinf(x) && x < 0 ? 0 : x * normal(x))
FUNCTION(gelu_slope, isinf(x) ? x > 0 : normal(x) + x * density(x))
FUNCTION(gelu_tanh, isinf(x) && x < 0 ? 0 : x * logistic(inner(x)))
FUNCTION(gelu_tanh_slope, isinf(x) ? x > 0
                                   : logistic(inner(x)) + x * logistic(inner(x)) *
                                                              logistic(-inner(x)) * inner_slope(x))

static const limit_case cases[] = {
    {"negative", negated, minus_one, 0, false, 1},
    {"square", squared, doubled, 0, false, 1},
    {"reciprocal", inverse, inverse_slope, 0, false, 1},
    {"exp", expl, expl, 0, false, 1},
    {"expm1", expm1l, expl, 0, false, 1},
    {"log", logl, inverse, 0, false, 1},
    {"log1p", log1pl, log1p_slope, 0, false, 1},
    {"sqrt", sqrtl, sqrt_slope, 0, false, 1},
    {"rsqrt", inverse_sqrt, inverse_sqrt_slope, 0, false, 1},
    {"abs", fabsl, abs_slope, 0, false, 1},
    {"sin", sinl, cosl, 0, false, 1},
    {"cos", cosl, minus_sin, 0, false, 1},
    {"tan", tanl, tan_slope, 0, false, 1},
    {"asin", asinl, asin_slope, 0, false, 1},
    {"acos", acosl, acos_slope, 0, false, 1},
    {"atan", atanl, atan_slope, 0, false, 1},
    {"sinh", sinhl, coshl, 0, false, 1},
    {"cosh", coshl, sinhl, 0, false, 1},
    {"asinh", asinhl, asinh_slope, 0, false, 1},
    {"acosh", acoshl, acosh_slope, 0, false, 1},
    {"atanh", atanhl, atanh_slope, 0, false, 1},
    {"exp2", exp2l, exp2_slope, 0, false, 1},
    {"log2", log2l, log2_slope, 0, false, 1},
    {"log10", log10l, log10_slope, 0, false, 1},
    {"erf", erfl, erf_slope, 0, false, 2},
    {"erfc", erfcl, erfc_slope, 0, false, 2},
    {"tanh", tanhl, tanh_slope, 0, true, 1},
    {"sigmoid", logistic, logistic_slope, 0, true, 1},
    {"softplus", softplus, logistic, 1, false, 1},
    {"relu", relu, relu_slope, 0, false, 1},
    {"leaky_relu", leaky, leaky_slope, 0.01, false, 1},
    {"elu", elu, elu_slope, 1, false, 1},
    {"elu", elu_half, elu_half_slope, 0.5, false, 1},
    {"celu", celu_half, celu_half_slope, 0.5, false, 1},
    {"selu", selu, selu_slope, 0, false, 1},
    {"mish", mish, mish_slope, 0, false, 1},
    {"logsigmoid", log_logistic, log_logistic_slope, 0, false, 1},
    {"silu", silu, silu_slope, 0, false, 1},
    {"gelu", gelu, gelu_slope, 0, false, 2},
    {"gelu", gelu_tanh, gelu_tanh_slope, -1, false, 3},
};
enum { CASES = sizeof cases / sizeof *cases };

/* The error is relative. A run flushes subnormal numbers to 0. */
static bool agrees(yg_dtype dtype, double found, long double exact, double absolute, double scale) {
    const double epsilon = dtype == YG_F32 ? FLT_EPSILON : DBL_EPSILON;
    const double least = dtype == YG_F32 ? FLT_MIN : DBL_MIN;
    const double largest = dtype == YG_F32 ? FLT_MAX : DBL_MAX;
    if (isnan(exact))
        return isnan(found);
    if (fabsl(exact) > (long double)largest)
        return isinf(found) && (found > 0) == (exact > 0);
    const double error = fabs(found - (double)exact);
    return error <= scale * epsilon * fabs((double)exact) + absolute * epsilon + 200 * least;
}

static void check(const limit_case *c, yg_dtype dtype) {
    yg_graph *g = yg_graph_new(yg_ops(), dtype == YG_F64 ? YG_GRAPH_F64 : 0);
    const yg_op *op = yg_op_find(yg_ops(), c->op);
    const yg_type type = type_of(dtype, 1, (int64_t[]){POINTS});
    const yg_node x = yg_input(g, "x", &type);
    yg_attr attrs[4];
    yg_op_defaults(op, attrs);
    if (op->attr_count > 0 && op->attrs[0].kind == YG_ATTR_FLOAT)
        attrs[0].f = c->attr;
    else if (op->attr_count > 0)
        attrs[0].i = c->attr < 0;
    yg_node outputs[2] = {yg_apply(g, op, &x, 1, attrs)};
    cr_assert(yg_grad(g, outputs[0], yg_full(g, &type, 1), &x, 1, &outputs[1]));
    yg_program *program = compile(g, outputs, 2, NULL, 0, 0, 1);
    for (int i = 0; i < POINTS; i++)
        yg_element_set(dtype, yg_program_data(program, x), i, points[i]);
    run(program);
    for (int i = 0; i < POINTS; i++) {
        /* As it is in the element type: it may be infinite there. */
        const double at = yg_element_get(dtype, yg_program_data(program, x), i);
        const long double value = c->value((long double)at), slope = c->slope((long double)at);
        const double y = yg_element_get(dtype, yg_program_data(program, outputs[0]), i);
        const double dy = yg_element_get(dtype, yg_program_data(program, outputs[1]), i);
        const double scale = 16 + 4 * pow(fmin(fabs(at), 1000), c->steepness);
        cr_expect(agrees(dtype, y, value, 0, scale), "%s(%g) in %s is %.9g, not %.9Lg", c->op, at,
                  yg_dtype_name(dtype), y, value);
        cr_expect(agrees(dtype, dy, slope, c->from_result ? 4 : 0, scale),
                  "the slope of %s at %g in %s is %.9g, not %.9Lg", c->op, at, yg_dtype_name(dtype),
                  dy, slope);
    }
    yg_program_free(program);
    yg_graph_free(g);
}

Test(limits, values_and_slopes_of_functions) {
    for (int i = 0; i < CASES; i++)
        for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++)
            check(&cases[i], dtype);
}

/* ---------------------------------------------------------------------------- of two numbers -- */

#define INF  INFINITY
#define NONE (-12345.0) /* not differentiated */

/* The mathematical limit if there is one, or else PyTorch's value. */
static const struct pair_case {
    const char *op;
    double a, b, value, slope_a, slope_b;
} pairs[] = {
    {"pow", NAN, 0, 1, 0, NAN},
    {"pow", 0, 0, 1, 0, 0},
    {"pow", INF, 0, 1, 0, INF},
    {"pow", INF, -1, 0, 0, 0},
    {"pow", 2, NAN, NAN, NAN, NAN},
    {"pow", 0, 3, 0, 0, 0},
    {"pow", 0, -1, INF, -INF, -INF},
    {"pow", -2, 2, 4, -4, NAN},
    {"divide", 1, INF, 0, 0, 0},
    {"divide", 0, 3, 0, 1.0 / 3, 0},
    {"divide", 1, 0, INF, INF, -INF},
    {"bce_with_logits", INF, 0, INF, 1, -INF},
    {"bce_with_logits", INF, 1, 0, 0, -INF},
    {"bce_with_logits", -INF, 0, 0, 0, INF},
    {"bce_with_logits", -INF, 1, INF, -1, INF},
    {"bce_with_logits", 1e38, 0, 1e38, 1, -1e38},
    {"bce_with_logits", 1e38, 1, 0, 0, -1e38},
    {"bce_with_logits", -1e38, 0, 0, 0, 1e38},
    {"bce_with_logits", 0, 0.25, 0.69314718055994530942, 0.25, 0},
    {"bce_with_logits", 20, 1, 2.0611536203143808e-9, NONE, -20},
    {"bce_with_logits", -20, 0, 2.0611536203143808e-9, 2.0611536181902035e-9, 20},
    {"bce_with_logits", NAN, 1, NAN, NAN, NAN},
    {"bce_with_logits", NAN, 0, NAN, NAN, NAN},
    {"bce", 0, 0, 0, 0, NONE},
    {"bce", 1, 1, 0, 0, NONE},
    {"bce", NAN, 1, NAN, NAN, NAN},
    {"huber", INF, 0, INF, 1, -1},
    {"huber", -INF, 0, INF, -1, 1},
    {"huber", 1e38, 0, 1e38, 1, -1},
    {"huber", 0, 0, 0, 0, 0},
    {"huber", NAN, 0, NAN, NONE, NONE},
    {"l1", INF, 0, INF, 1, -1},
    {"l1", 3, 3, 0, 0, 0},
    {"mse", INF, 0, INF, INF, -INF},
    {"mse", 1e30, 1e30, 0, 0, 0},
    {"kl_div", -1, 0, 0, 0, NONE},
    {"maximum", INF, -INF, INF, 1, 0},
    {"minimum", -0.0, 0, 0, 0.5, 0.5},
    {"remainder", 5, INF, 5, 1, 0},
    {"atan2", 0, 0, 0, 0, 0},
    {"atan2", 1, 0, 1.57079632679489661923, 0, -1},
    {"hinge", 1, 1, 0, 0, 0},
    {"smooth_l1", 1, 0, 0.5, 1, -1},
    {"smooth_l1", INF, 0, INF, 1, -1},
};

static void check_pair(const struct pair_case *c, yg_dtype dtype) {
    yg_graph *g = yg_graph_new(yg_ops(), dtype == YG_F64 ? YG_GRAPH_F64 : 0);
    const yg_op *op = yg_op_find(yg_ops(), c->op);
    const yg_type type = yg_type_scalar(dtype);
    const yg_node operands[] = {yg_input(g, "a", &type), yg_input(g, "b", &type)};
    yg_node outputs[3] = {yg_apply(g, op, operands, 2, NULL)};
    cr_assert(yg_grad(g, outputs[0], YG_NONE, operands, 2, outputs + 1));
    yg_program *program = compile(g, outputs, 3, NULL, 0, 0, 1);
    const double at[] = {c->a, c->b}, wanted[] = {c->value, c->slope_a, c->slope_b};
    for (int k = 0; k < 2; k++)
        yg_element_set(dtype, yg_program_data(program, operands[k]), 0, at[k]);
    run(program);
    for (int o = 0; o < 3; o++) {
        const double found = yg_element_get(dtype, yg_program_data(program, outputs[o]), 0);
        cr_expect(wanted[o] == NONE || agrees(dtype, found, wanted[o], 0, 64),
                  "%s(%g, %g) in %s: result %d is %.9g, not %.9g", c->op, c->a, c->b,
                  yg_dtype_name(dtype), o, found, wanted[o]);
    }
    yg_program_free(program);
    yg_graph_free(g);
}

Test(limits, values_and_slopes_of_pairs) {
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++)
            check_pair(&pairs[i], dtype);
}

/* A constant exponent becomes sqrt, rsqrt or a product. Values must be as the documentation of pow
 * says. */
static const struct {
    double x, exponent, value, slope;
} powers[] = {
    {-INF, 0.5, NAN, NAN}, {-INF, -0.5, NAN, NAN}, {-0.0, 0.5, -0.0, -INF},   {0, -0.5, INF, -INF},
    {NAN, 0, 1, NONE},     {-INF, 2, INF, -INF},   {-INF, 3, -INF, INF},      {0, 1, 0, 1},
    {INF, -1, 0, 0},       {4, 0.5, 2, 0.25},      {4, -0.5, 0.5, -1.0 / 16},
};

Test(limits, constant_exponents) {
    for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_F64);
        const yg_type type = yg_type_scalar(YG_F64);
        const yg_node x = yg_input(g, "x", &type);
        yg_node outputs[2] = {yg_pow(g, x, yg_scalar(g, YG_F64, powers[i].exponent))};
        cr_assert(yg_grad(g, outputs[0], YG_NONE, &x, 1, &outputs[1]));
        const bool is_flat = outputs[1] == YG_NONE;
        cr_expect_eq(is_flat, powers[i].slope == NONE);
        yg_program *program = compile(g, outputs, is_flat ? 1 : 2, NULL, 0, 0, 1);
        if (yg_program_data(program, x))
            *data(program, x) = powers[i].x;
        run(program);
        const double value = *data(program, outputs[0]);
        cr_expect(agrees(YG_F64, value, powers[i].value, 0, 4), "%g ** %g is %g", powers[i].x,
                  powers[i].exponent, value);
        if (!is_flat)
            cr_expect(agrees(YG_F64, *data(program, outputs[1]), powers[i].slope, 0, 4),
                      "the slope of x ** %g at %g is %g", powers[i].exponent, powers[i].x,
                      *data(program, outputs[1]));
        yg_program_free(program);
        yg_graph_free(g);
    }
}

/* As documented: on x86 a run flushes to 0, and the caller's mode is as before. */
Test(limits, subnormals) {
    yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_F64);
    const yg_type type = yg_type_scalar(YG_F64);
    const yg_node x = yg_input(g, "x", &type), outputs[] = {yg_scale(g, x, 4), yg_square(g, x)};
    yg_program *program = compile(g, outputs, 2, NULL, 0, 0, 1);
    volatile double tiny = 0x1p-1060, small = 0x1p-520;
    const bool is_kept = tiny * 4 > 0;
    *data(program, x) = tiny;
    run(program);
#ifdef __SSE__
    cr_expect_eq(*data(program, outputs[0]), 0, "a subnormal operand");
#endif
    *data(program, x) = small;
    run(program);
#ifdef __SSE__
    cr_expect_eq(*data(program, outputs[1]), 0, "a subnormal result");
#endif
    cr_expect_eq(tiny * 4 > 0, is_kept, "the caller's settings are changed");
    yg_program_free(program);
    yg_graph_free(g);
}
