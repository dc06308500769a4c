/* The edges of elementwise operators: NaN, infinities, zeros, ties and overflows, in values and in
 * gradients. Also the identities that the simplifier knows. PyTorch's results are expected, unless
 * the operator's own text says otherwise. Ordinary values are checked from the descriptors. */
#include "graph/program.h"
#include "ops/build.h"
#include "ops/floor_division.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

#define INF INFINITY

/* ------------------------------------------------------------------------------------ values -- */

static bool near(double found, double expected, double tolerance) {
    if (isnan(expected))
        return isnan(found);
    if (isinf(expected) || expected == 0)
        return found == expected;
    return fabs(found - expected) <= tolerance * fabs(expected);
}

/* The tile kernel on one element. */
static double evaluate(const char *name, yg_dtype dtype, const double *operands,
                       const yg_attr *given, yg_dtype result) {
    const yg_op *op = yg_op_find(yg_ops(), name);
    cr_assert_not_null(op, "%s", name);
    cr_assert_not_null(op->tile[dtype], "%s on %s", name, yg_dtype_name(dtype));
    _Alignas(16) char elements[3][8], out[8];
    const void *in[3];
    for (int k = 0; k < op->max_operands; k++) {
        yg_element_set(dtype, elements[k], 0, operands[k]);
        in[k] = elements[k];
    }
    yg_attr defaults[4];
    yg_op_defaults(op, defaults);
    op->tile[dtype](out, in, 1, given ? given : defaults);
    return yg_element_get(result, out, 0);
}

typedef struct value_case {
    const char *op;
    double operands[2];
    double expected;
} value_case;

static const value_case float_cases[] = {
    {"add", {INF, -INF}, NAN},
    {"divide", {1, 0}, INF},
    {"divide", {-1, 0}, -INF},
    {"divide", {0, 0}, NAN},
    {"floor_divide", {-7, 2}, -4},
    {"floor_divide", {7, -2}, -4},
    {"floor_divide", {-7, -2}, 3},
    {"floor_divide", {1, 0}, INF},
    {"floor_divide", {0, 0}, NAN},
    {"remainder", {-7, 2}, 1},
    {"remainder", {7, -2}, -1},
    {"remainder", {6, -2}, 0},
    {"remainder", {1, 0}, NAN},
    {"pow", {0, 0}, 1},
    {"pow", {NAN, 0}, 1},
    {"pow", {0, -1}, INF},
    {"pow", {-8, 3}, -512},
    {"pow", {-8, 0.5}, NAN},
    {"pow", {2, 1024}, INF},
    {"reciprocal", {0}, INF},
    {"maximum", {NAN, 1}, NAN},
    {"maximum", {1, NAN}, NAN},
    {"maximum", {-INF, 1}, 1},
    {"minimum", {NAN, 1}, NAN},
    {"minimum", {1, NAN}, NAN},
    {"minimum", {INF, 1}, 1},
    {"exp", {-INF}, 0},
    {"exp", {INF}, INF},
    {"exp", {1000}, INF},
    {"exp", {-1000}, 0},
    {"exp", {NAN}, NAN},
    {"exp", {1}, 2.71828182845904523536},
    {"log", {0}, -INF},
    {"log", {-1}, NAN},
    {"log", {INF}, INF},
    {"log1p", {-1}, -INF},
    {"log1p", {1e-30}, 1e-30},
    {"expm1", {1e-30}, 1e-30},
    {"expm1", {-INF}, -1},
    {"sqrt", {0}, 0},
    {"sqrt", {-1}, NAN},
    {"rsqrt", {0}, INF},
    {"rsqrt", {INF}, 0},
    {"abs", {-INF}, INF},
    {"abs", {NAN}, NAN},
    {"sign", {NAN}, 0},
    {"sign", {-INF}, -1},
    {"sign", {0}, 0},
    {"round", {0.5}, 0},
    {"round", {1.5}, 2},
    {"round", {-2.5}, -2},
    {"floor", {-0.5}, -1},
    {"ceil", {INF}, INF},
    {"sin", {INF}, NAN},
    {"cos", {0}, 1},
    {"cos", {NAN}, NAN},
    {"tanh", {1000}, 1},
    {"tanh", {-INF}, -1},
    {"tanh", {NAN}, NAN},
    {"sigmoid", {-1000}, 0},
    {"sigmoid", {1000}, 1},
    {"sigmoid", {-INF}, 0},
    {"sigmoid", {INF}, 1},
    {"sigmoid", {NAN}, NAN},
    {"sigmoid", {-80}, 1.8048513878454153e-35},
    {"softplus", {1000}, 1000},
    {"softplus", {-1000}, 0},
    {"softplus", {-80}, 1.8048513878454153e-35},
    {"softplus", {-INF}, 0},
    {"softplus", {INF}, INF},
    {"softplus", {NAN}, NAN},
    {"erf", {INF}, 1},
    {"erf", {1e-30}, 1.12837916709551257390e-30},
    {"relu", {NAN}, NAN},
    {"relu", {-INF}, 0},
    {"relu", {INF}, INF},
    {"leaky_relu", {-100}, -1},
    {"leaky_relu", {NAN}, NAN},
    {"scaled_elu", {-INF}, -1},
    {"scaled_elu", {INF}, INF},
    {"scaled_elu", {1000}, 1000},
    {"scaled_elu", {-1e-30}, -1e-30},
    {"scaled_elu", {NAN}, NAN},
    {"gelu", {100}, 100},
    {"gelu", {-5}, -1.4332578593959696e-06},
    {"gelu", {-100}, 0},
    {"gelu", {NAN}, NAN},
    {"silu", {-1000}, 0},
    {"silu", {1000}, 1000},
    {"silu", {NAN}, NAN},
    {"clip", {NAN}, NAN},
    {"clip", {INF}, INF},
};

static const value_case test_cases[] = {
    {"equal", {NAN, NAN}, 0},
    {"equal", {0, -0.0}, 1},
    {"not_equal", {NAN, NAN}, 1},
    {"less", {NAN, 1}, 0},
    {"less_equal", {1, 1}, 1},
    {"greater", {INF, 1}, 1},
    {"greater_equal", {1, NAN}, 0},
    {"logical_and", {NAN, 0.5}, 1},
    {"logical_and", {-0.0, 1}, 0},
    {"logical_or", {0, 0}, 0},
    {"logical_or", {0, -2}, 1},
    {"logical_not", {NAN}, 0},
    {"logical_not", {0}, 1},
    {"isnan", {NAN}, 1},
    {"isnan", {INF}, 0},
};

Test(elementwise, values_at_the_edges) {
    for (size_t i = 0; i < sizeof float_cases / sizeof *float_cases; i++) {
        const value_case *c = &float_cases[i];
        for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++) {
            const double tolerance = 8 * (dtype == YG_F32 ? FLT_EPSILON : DBL_EPSILON);
            const double found = evaluate(c->op, dtype, c->operands, NULL, dtype);
            cr_expect(near(found, c->expected, tolerance), "%s(%g, %g) in %s: %.17g, not %.17g",
                      c->op, c->operands[0], c->operands[1], yg_dtype_name(dtype), found,
                      c->expected);
        }
    }
    for (size_t i = 0; i < sizeof test_cases / sizeof *test_cases; i++) {
        const value_case *c = &test_cases[i];
        for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++)
            cr_expect_eq(evaluate(c->op, dtype, c->operands, NULL, YG_BOOL), c->expected,
                         "%s(%g, %g)", c->op, c->operands[0], c->operands[1]);
    }
}

/* Python's // and %, to the bit, with the signs of zeros. If the operands are floats, in f32. */
static const struct {
    double a, b, quotient, rest;
} divisions[] = {
    {-6, 3, -2, 0.0},
    {6, -2, -3, -0.0},
    {-0.0, 3, -0.0, 0.0},
    {0, -3, -0.0, -0.0},
    {1, 3, 0.0, 1},
    {-1, -3, 0.0, -1},
    {0x1.fffffep-1, 1, 0.0, 0x1.fffffep-1}, /* just below 1, 3 times 0.1, and 1,000,000 times 7 */
    {0x1.333332p-2, 0x1.99999ap-4, 2, 0x1.999994p-4},
    {0x1.ab3efep+22, 7, 999999, 6.5},
    {0x1.5acba13887f48p+4, 0x1.2409cb2221a58p+0, 18, 0x1.2409cb2221a5p+0}, /* 19 when rounded */
    {201326589, 3, 67108863, 0.0}, /* the largest quotients that fit a float, and beyond */
    {0x1p+31, 0x1.666666p-1, 3067833835, 0x1.2492fp-4},
    {0x1.93e594p+99, 0x1.99999ap-4, 0x1.f8def881c841ep+102, 0x1.93e594p-5},
    {-0x1.93e594p+99, 0x1.99999ap-4, -0x1.f8def881c841ep+102, 0x1.9f4dap-5},
    {-0x1.4484cp-100, 3, -1, 3}, /* the rest is rounded to the divisor */
    {0x1p-149, -2, -1, -2},
    {5, INF, 0.0, 5},
    {-5, INF, -1, INF},
};

Test(elementwise, floor_division_is_exact) {
    for (size_t i = 0; i < sizeof divisions / sizeof *divisions; i++) {
        const double operands[] = {divisions[i].a, divisions[i].b};
        const bool are_floats =
            (float)operands[0] == operands[0] && (float)operands[1] == operands[1];
        for (yg_dtype dtype = are_floats ? YG_F32 : YG_F64; dtype <= YG_F64; dtype++) {
            for (int k = 0; k < 2; k++) {
                const char *op = k == 0 ? "floor_divide" : "remainder";
                const double exact = k == 0 ? divisions[i].quotient : divisions[i].rest;
                const double expected = dtype == YG_F32 ? (float)exact : exact;
                const double found = evaluate(op, dtype, operands, NULL, dtype);
                cr_expect(found == expected && !signbit(found) == !signbit(expected),
                          "%s(%a, %a) in %s: %a, not %a", op, operands[0], operands[1],
                          yg_dtype_name(dtype), found, expected);
            }
        }
    }
}

/* Numbers of all sizes, from a fixed sequence: each exponent from -`most` to `most`, both signs. */
static double of_any_size(uint32_t *state, int most) {
    *state = *state * 1664525u + 1013904223u;
    const double mantissa = 1 + (double)(*state >> 8) / (1 << 24);
    *state = *state * 1664525u + 1013904223u;
    const int exponent = (int)((*state >> 9) % (uint32_t)(2 * most + 1)) - most;
    return ldexp(*state >> 31 ? -mantissa : mantissa, exponent);
}

/* A kernel subtracts multiples where the quotient is large; the language's constants use fmod(). */
Test(elementwise, floor_division_of_numbers_of_all_sizes_is_that_of_fmod) {
    enum { COUNT = 64, TILES = 200 };
    static _Alignas(64) char in[2][COUNT * 8], out[COUNT * 8];
    const void *const operands[] = {in[0], in[1]};
    uint32_t state = 1;
    for (int t = 0; t < 4 * TILES; t++) {
        const yg_dtype dtype = t % 2 ? YG_F64 : YG_F32;
        const bool is_rest = t / 2 % 2;
        const int most = t % 8 < 4 ? 20 : dtype == YG_F32 ? 120 : 1000;
        const yg_op *op = yg_op_find(yg_ops(), is_rest ? "remainder" : "floor_divide");
        for (int i = 0; i < COUNT; i++)
            for (int k = 0; k < 2; k++)
                yg_element_set(dtype, in[k], i, of_any_size(&state, most));
        op->tile[dtype](out, operands, COUNT, NULL);
        for (int i = 0; i < COUNT; i++) {
            const double a = yg_element_get(dtype, in[0], i), b = yg_element_get(dtype, in[1], i);
            const yg_floor_division exact = yg_divide_floor(a, b);
            const double both = is_rest ? exact.rest : exact.quotient;
            const double expected = dtype == YG_F32 ? (float)both : both;
            const double found = yg_element_get(dtype, out, i);
            cr_assert(found == expected && !signbit(found) == !signbit(expected),
                      "%s(%a, %a) in %s: %a, not %a", op->name, a, b, yg_dtype_name(dtype), found,
                      expected);
        }
    }
}

#define I32_LOWEST (-2147483648.0)

static const value_case i32_cases[] = {
    {"add", {2147483647, 1}, I32_LOWEST},
    {"subtract", {I32_LOWEST, 1}, 2147483647},
    {"multiply", {65536, 65536}, 0},
    {"multiply", {-3, 5}, -15},
    {"floor_divide", {-7, 2}, -4},
    {"floor_divide", {7, -2}, -4},
    {"floor_divide", {-7, -2}, 3},
    {"floor_divide", {5, 0}, 0},
    {"floor_divide", {I32_LOWEST, -1}, I32_LOWEST},
    {"remainder", {-7, 2}, 1},
    {"remainder", {7, -2}, -1},
    {"remainder", {5, 0}, 0},
    {"remainder", {I32_LOWEST, -1}, 0},
    {"pow", {-3, 3}, -27},
    {"pow", {2, 31}, I32_LOWEST},
    {"pow", {0, 0}, 1},
    {"pow", {2, -1}, 0},
    {"pow", {0, -1}, 0},
    {"pow", {-1, -3}, -1},
    {"pow", {-1, -4}, 1},
    {"negative", {I32_LOWEST}, I32_LOWEST},
    {"square", {-5}, 25},
    {"abs", {I32_LOWEST}, I32_LOWEST},
    {"abs", {-5}, 5},
    {"sign", {-5}, -1},
    {"maximum", {-5, 3}, 3},
    {"minimum", {-5, 3}, -5},
    {"relu", {-5}, 0},
    {"floor", {-5}, -5},
    {"clip", {I32_LOWEST}, I32_LOWEST},
};

Test(elementwise, integers_wrap_and_never_trap) {
    for (size_t i = 0; i < sizeof i32_cases / sizeof *i32_cases; i++) {
        const value_case *c = &i32_cases[i];
        const double found = evaluate(c->op, YG_I32, c->operands, NULL, YG_I32);
        cr_expect_eq(found, c->expected, "%s(%g, %g): %g, not %g", c->op, c->operands[0],
                     c->operands[1], found, c->expected);
    }
    /* The ends of i64 are no doubles. */
    const int64_t ends[] = {INT64_MIN, -1};
    const void *in[] = {&ends[0], &ends[1]};
    static const struct {
        const char *op;
        int64_t expected;
    } i64_cases[] = {
        {"add", INT64_MAX},      {"floor_divide", INT64_MIN}, {"remainder", 0},
        {"multiply", INT64_MIN}, {"abs", INT64_MIN},          {"negative", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof i64_cases / sizeof *i64_cases; i++) {
        int64_t out = 7;
        yg_op_find(yg_ops(), i64_cases[i].op)->tile[YG_I64](&out, in, 1, NULL);
        cr_expect_eq(out, i64_cases[i].expected, "%s", i64_cases[i].op);
    }
}

Test(elementwise, bools_count_as_numbers) {
    const double both[] = {1, 1};
    cr_expect_eq(evaluate("add", YG_BOOL, both, NULL, YG_I32), 2);
    cr_expect_eq(evaluate("subtract", YG_BOOL, (const double[]){0, 1}, NULL, YG_I32), -1);
    cr_expect_eq(evaluate("negative", YG_BOOL, both, NULL, YG_I32), -1);
}

Test(elementwise, casts_saturate) {
    static const struct {
        yg_dtype from, to;
        double value, expected;
    } cases[] = {
        {YG_F64, YG_I32, 1e10, 2147483647},
        {YG_F64, YG_I32, -1e10, I32_LOWEST},
        {YG_F32, YG_I32, NAN, 0},
        {YG_F32, YG_I32, -1.9, -1},
        {YG_F64, YG_I32, 2147483647.5, 2147483647},
        {YG_F32, YG_I64, INF, 9223372036854775807.0},
        {YG_F32, YG_I64, -INF, -9223372036854775808.0},
        {YG_F64, YG_BOOL, NAN, 1},
        {YG_F64, YG_BOOL, 0.25, 1},
        {YG_I64, YG_I32, 4294967297.0, 1},
        {YG_F64, YG_F32, 1e300, INF},
        {YG_BOOL, YG_F32, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const yg_attr dtype = {.i = cases[i].to};
        const double found = evaluate("cast", cases[i].from, &cases[i].value, &dtype, cases[i].to);
        cr_expect_eq(found, cases[i].expected, "%s to %s: %g gives %g",
                     yg_dtype_name(cases[i].from), yg_dtype_name(cases[i].to), cases[i].value,
                     found);
    }
}

/* --------------------------------------------------------------------------------- gradients -- */

typedef struct gradient_case {
    const char *op;
    double operands[2];
    size_t wrt;
    double expected;
} gradient_case;

static const gradient_case gradient_cases[] = {
    {"abs", {0}, 0, 0},
    {"relu", {0}, 0, 0},
    {"relu", {3}, 0, 1},
    {"leaky_relu", {0}, 0, 0.01},
    {"sqrt", {0}, 0, INF},
    {"maximum", {2, 2}, 0, 0.5},
    {"maximum", {2, 2}, 1, 0.5},
    {"maximum", {2, 3}, 0, 0},
    {"maximum", {2, 3}, 1, 1},
    {"minimum", {2, 2}, 0, 0.5},
    {"minimum", {2, 3}, 0, 1},
    {"minimum", {2, 3}, 1, 0},
    {"pow", {0, 2}, 0, 0},
    {"pow", {0, 0}, 0, 0},
    {"pow", {0, 1}, 0, 1},
    {"pow", {3, 0}, 0, 0},
    {"pow", {0, 2}, 1, 0},
    {"pow", {0, 0}, 1, 0},
    {"pow", {-2, 2}, 0, -4},
    {"sigmoid", {-1000}, 0, 0},
    {"sigmoid", {1000}, 0, 0},
    {"softplus", {1000}, 0, 1},
    {"softplus", {-1000}, 0, 0},
    {"scaled_elu", {1000}, 0, 1},
    {"scaled_elu", {-1000}, 0, 0},
    {"tanh", {1000}, 0, 0},
    {"gelu", {100}, 0, 1},
    {"gelu", {-100}, 0, 0},
    {"silu", {-1000}, 0, 0},
    {"log", {0}, 0, INF},
    {"clip", {5}, 0, 1},
    {"remainder", {7, 2}, 1, -3},
};

/* Returns the derivative of op by operand[wrt], and writes the second derivative to *second. */
static double gradient(const gradient_case *c, unsigned flags, double *second) {
    const yg_op *op = yg_op_find(yg_ops(), c->op);
    cr_assert_not_null(op, "%s", c->op);
    yg_graph *graph = yg_graph_new(yg_ops(), flags);
    const yg_type type = yg_type_scalar(YG_F64);
    yg_node in[2] = {yg_input(graph, "a", &type), yg_input(graph, "b", &type)};
    const yg_node y = yg_apply(graph, op, in, (size_t)op->max_operands, NULL);
    const yg_node zero = yg_scalar(graph, YG_F64, 0);
    yg_node first, outputs[2] = {zero, zero};
    cr_assert(yg_grad(graph, y, YG_NONE, &in[c->wrt], 1, &first));
    if (first != YG_NONE) {
        outputs[0] = first;
        cr_assert(yg_grad(graph, first, YG_NONE, &in[c->wrt], 1, &outputs[1]));
        if (outputs[1] == YG_NONE)
            outputs[1] = zero;
    }
    yg_error error = {0};
    yg_program *program = yg_compile(graph, outputs, 2, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s: %s", c->op, error.message);
    for (int k = 0; k < op->max_operands; k++) {
        double *data = yg_program_data(program, in[k]);
        if (data)
            *data = c->operands[k];
    }
    cr_assert(yg_program_run(program, 0, 0, &error), "%s", error.message);
    const double result = *(double *)yg_program_data(program, outputs[0]);
    *second = *(double *)yg_program_data(program, outputs[1]);
    yg_program_free(program);
    yg_graph_free(graph);
    return result;
}

Test(elementwise, gradients_at_the_edges) {
    static const unsigned flags[] = {0, YG_GRAPH_NO_SIMPLIFY};
    for (size_t i = 0; i < sizeof gradient_cases / sizeof *gradient_cases; i++) {
        const gradient_case *c = &gradient_cases[i];
        for (size_t f = 0; f < 2; f++) {
            double second;
            const double found = gradient(c, flags[f], &second);
            cr_expect(near(found, c->expected, 1e-14),
                      "d %s / d operand %zu at (%g, %g): %g, not %g", c->op, c->wrt, c->operands[0],
                      c->operands[1], found, c->expected);
            cr_expect(!isfinite(c->expected) || !isnan(second),
                      "d² %s / d operand %zu at (%g, %g) is NaN", c->op, c->wrt, c->operands[0],
                      c->operands[1]);
        }
    }
}

/* -------------------------------------------------------------------------------- identities -- */

Test(elementwise, identities_add_no_node) {
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    const yg_type type = {.dtype = YG_F32, .rank = 2, .shape = {2, 3}};
    const yg_node x = yg_input(graph, "x", &type), z = yg_input(graph, "z", &type);
    const yg_type bools = yg_type_with_dtype(&type, YG_BOOL);
    const yg_node c = yg_input(graph, "c", &bools);
    const yg_node one = yg_scalar(graph, YG_F32, 1), half = yg_scalar(graph, YG_F32, 0.5);
    const yg_node two = yg_scalar(graph, YG_F32, 2), zero = yg_scalar(graph, YG_F32, 0);
    const struct {
        const char *what;
        yg_node found, expected;
    } pairs[] = {
        {"x * 1", yg_scale(graph, x, 1), x},
        {"1 * x", yg_multiply(graph, one, x), x},
        {"x * -1", yg_scale(graph, x, -1), yg_negative(graph, x)},
        {"x * x", yg_multiply(graph, x, x), yg_square(graph, x)},
        {"-x * -z", yg_multiply(graph, yg_negative(graph, x), yg_negative(graph, z)),
         yg_multiply(graph, x, z)},
        {"x + 0", yg_offset(graph, x, 0), x},
        {"x + -z", yg_add(graph, x, yg_negative(graph, z)), yg_subtract(graph, x, z)},
        {"x - 0", yg_subtract(graph, x, zero), x},
        {"0 - x", yg_subtract(graph, zero, x), yg_negative(graph, x)},
        {"x - -z", yg_subtract(graph, x, yg_negative(graph, z)), yg_add(graph, x, z)},
        {"x / 1", yg_divide(graph, x, one), x},
        {"x / 2", yg_divide(graph, x, two), yg_scale(graph, x, 0.5)},
        {"1 / x", yg_divide(graph, one, x), yg_reciprocal(graph, x)},
        {"1 / sqrt(x)", yg_divide(graph, one, yg_sqrt(graph, x)), yg_rsqrt(graph, x)},
        {"--x", yg_negative(graph, yg_negative(graph, x)), x},
        {"-(x - z)", yg_negative(graph, yg_subtract(graph, x, z)), yg_subtract(graph, z, x)},
        {"x ** 1", yg_pow(graph, x, one), x},
        {"x ** 2", yg_pow(graph, x, two), yg_square(graph, x)},
        {"x ** 0.5", yg_pow(graph, x, half), yg_sqrt(graph, x)},
        {"cast(x, f32)", yg_cast(graph, x, YG_F32), x},
        {"where(c, x, x)", yg_where(graph, c, x, x), x},
        {"where(not c, x, z)", yg_where(graph, yg_logical_not(graph, c), x, z),
         yg_where(graph, c, z, x)},
        {"relu(relu(x))", yg_relu(graph, yg_relu(graph, x)), yg_relu(graph, x)},
        {"log(softmax(x))", yg_log(graph, yg_softmax(graph, x, -1)), yg_log_softmax(graph, x, -1)},
        {"log(sigmoid(x))", yg_log(graph, yg_sigmoid(graph, x)),
         yg_negative(graph, yg_softplus(graph, yg_negative(graph, x)))},
        {"log(1 - sigmoid(x))", yg_log(graph, yg_subtract(graph, one, yg_sigmoid(graph, x))),
         yg_negative(graph, yg_softplus(graph, x))},
        {"maximum(x, x)", yg_maximum(graph, x, x), x},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        cr_expect_eq(pairs[i].found, pairs[i].expected, "%s", pairs[i].what);
    /* 0 · NaN is NaN, x / x may be: these are no identities. */
    cr_expect_not(yg_node_is_scalar(graph, yg_scale(graph, x, 0), NULL));
    cr_expect_neq(yg_divide(graph, x, x), one);
    /* A bool is no number: 0 + c is an i32. */
    const yg_node sum = yg_add(graph, c, yg_scalar(graph, YG_BOOL, 0));
    cr_assert_null(yg_graph_error(graph), "%s", yg_graph_error(graph)->message);
    cr_expect_eq(yg_node_type(graph, sum)->dtype, YG_I32);
    yg_graph_free(graph);
}
