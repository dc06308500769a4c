/* How exact the kernels of exp, log and their relatives are. Each is compared with the long double
 * function: on a fine grid of ordinary x, and on x of all sizes down to 1e-30. */
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

enum { POINTS = 4096 }; /* in a tile */

typedef long double (*function)(long double x);

static long double sigmoid_exact(long double x) {
    return 1 / (1 + expl(-x));
}

static long double softplus_exact(long double x) {
    return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x)));
}

static long double elu_exact(long double x) {
    return x > 0 ? x : expm1l(x);
}

/* Units in the last place that a result may be off, for x from low to high. 0: the kernel of that
 * type is another one. */
static const struct accuracy_case {
    const char *op;
    function exact;
    double low, high;
    double units[2]; /* f32, f64 */
} cases[] = {
    {"exp", expl, -80, 80, {1.5, 1.5}},
    {"exp2", exp2l, -100, 100, {1.5, 1.5}},
    {"expm1", expm1l, -30, 80, {2, 2.5}},
    {"sinh", sinhl, -80, 80, {2.5, 3}},
    {"cosh", coshl, -80, 80, {2, 2}},
    {"tanh", tanhl, -12, 12, {3, 3}},
    {"log1p", log1pl, -0.999, 9, {2, 2}},
    {"erf", erfl, -4.5, 4.5, {6.5, 0}},
    {"erfc", erfcl, -4, 9, {6.5, 0}},
    {"sigmoid", sigmoid_exact, -80, 80, {3, 3}},
    {"scaled_elu", elu_exact, -30, 4, {2, 2.5}},
    {"softplus", softplus_exact, -80, 80, {3, 3}},
};

/* The error in units in the last place of the exact value. */
static double error_units(double found, long double exact, yg_dtype dtype) {
    int exponent;
    frexpl(exact, &exponent);
    const long double unit = ldexpl(1, exponent - (dtype == YG_F32 ? FLT_MANT_DIG : DBL_MANT_DIG));
    return (double)(fabsl((long double)found - exact) / unit);
}

static void check(const struct accuracy_case *c, yg_dtype dtype, bool small) {
    _Alignas(64) static char in[POINTS * sizeof(double)], out[POINTS * sizeof(double)];
    const yg_op *op = yg_op_find(yg_ops(), c->op);
    yg_attr attrs[4];
    double worst = 0, at = 0;
    cr_assert_not_null(op, "%s", c->op);
    yg_op_defaults(op, attrs);
    for (int i = 0; i < POINTS; i++) {
        const double part = (i + 0.5) / POINTS, sign = i % 2 ? -1 : 1;
        const double tiny = sign * pow(10, -30 * part) / 2;
        yg_element_set(dtype, in, i, small ? tiny : c->low + (c->high - c->low) * part);
    }
    op->tile[dtype](out, (const void *const[]){in}, POINTS, attrs);
    for (int i = 0; i < POINTS; i++) {
        const double x = yg_element_get(dtype, in, i), y = yg_element_get(dtype, out, i);
        const double units = error_units(y, c->exact((long double)x), dtype);
        if (!(units <= worst))
            worst = units, at = x;
    }
    cr_expect(worst <= c->units[dtype == YG_F64], "%s(%.9g) in %s is off by %.2f units", c->op, at,
              yg_dtype_name(dtype), worst);
}

Test(vector_functions, are_exact_to_few_units_in_the_last_place) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++)
            for (int small = 0; small < 2 && cases[i].units[dtype == YG_F64] > 0; small++)
                check(&cases[i], dtype, small == 1);
}

/* Ends of the range, zeros with their sign, and NaN. */
static const struct value_case {
    const char *op;
    double x, y;
} values[] = {
    {"exp", INFINITY, INFINITY},
    {"exp", -INFINITY, 0},
    {"exp", NAN, NAN},
    {"exp2", INFINITY, INFINITY},
    {"exp2", -INFINITY, 0},
    {"exp2", NAN, NAN},
    {"exp2", -30, 0x1p-30},
    {"expm1", INFINITY, INFINITY},
    {"expm1", -INFINITY, -1},
    {"expm1", NAN, NAN},
    {"expm1", -0.0, -0.0},
    {"sinh", INFINITY, INFINITY},
    {"sinh", -INFINITY, -INFINITY},
    {"sinh", -0.0, -0.0},
    {"sinh", NAN, NAN},
    {"cosh", -INFINITY, INFINITY},
    {"cosh", 0, 1},
    {"cosh", NAN, NAN},
    {"tanh", INFINITY, 1},
    {"tanh", -INFINITY, -1},
    {"tanh", -0.0, -0.0},
    {"tanh", NAN, NAN},
    {"log1p", INFINITY, INFINITY},
    {"log1p", -1, -INFINITY},
    {"log1p", -2, NAN},
    {"log1p", -INFINITY, NAN},
    {"log1p", -0.0, -0.0},
    {"log1p", NAN, NAN},
    {"erf", INFINITY, 1},
    {"erf", -INFINITY, -1},
    {"erf", -0.0, -0.0},
    {"erf", NAN, NAN},
    {"erfc", INFINITY, 0},
    {"erfc", -INFINITY, 2},
    {"erfc", NAN, NAN},
    {"softplus", -INFINITY, 0},
    {"softplus", NAN, NAN},
    {"mish", INFINITY, INFINITY},
    {"mish", -INFINITY, -0.0},
    {"mish", NAN, NAN},
    {"scaled_elu", -INFINITY, -1},
    {"scaled_elu", NAN, NAN},
};

Test(vector_functions, infinities_zeros_and_nan) {
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++) {
            const yg_op *op = yg_op_find(yg_ops(), values[i].op);
            _Alignas(64) char in[8], out[8];
            yg_attr attrs[4];
            yg_op_defaults(op, attrs);
            yg_element_set(dtype, in, 0, values[i].x);
            op->tile[dtype](out, (const void *const[]){in}, 1, attrs);
            const double y = yg_element_get(dtype, out, 0), expected = values[i].y;
            cr_expect(isnan(expected) ? isnan(y)
                                      : y == expected && !signbit(y) == !signbit(expected),
                      "%s(%g) in %s is %g, not %g", values[i].op, values[i].x, yg_dtype_name(dtype),
                      y, expected);
        }
    }
}
