/*
 * gelu_with_slope: exact gelu y = x · Φ(x), and its derivative Φ(x) + x · φ(x), elementwise. φ is
 * the density of Φ.
 *
 * The rule gelu_slope puts it where a program computes both: each needs exp(-x²/2) and Φ. The slope
 * is kept in place of x, so no more memory moves. Its own derivative is that of its definition.
 */
#include "gelu_with_slope.h"

#include "build.h"
#include "elementwise.h"
#include "exp_range.h"
#include "normal_cdf.h"
#include "registry.h"

static const double sqrt_half = 0.70710678118654752440;        /* √(1/2) */
static const double inverse_sqrt_2pi = 0.39894228040143267794; /* 1 / √(2π) */

/* As gelu and gelu_gradient do, of x that is not too large to multiply: see there. */
#define LOW -1e30
#define FAR 100

static inline __attribute__((always_inline)) void pair_f32(float x, float *y, float *slope) {
    const float z = fabsf(x), bell = yg_normal_bell(z), cdf = yg_normal_cdf_of(x, z, bell);
    *y = (x < (float)LOW ? (float)LOW : x) * cdf;
    *slope = yg_gelu_slope_of(x, z, bell, cdf);
}

static inline __attribute__((always_inline)) void pair_f64(double x, double *y, double *slope) {
    const double near = copysign(fabs(x) > FAR ? (double)FAR : fabs(x), x);
    const double cdf = 0.5 * YG_ERFC(-x * sqrt_half);
    *y = (x < LOW ? LOW : x) * cdf;
    *slope = cdf + near * YG_EXP_LOW(-0.5 * near * near) * inverse_sqrt_2pi;
}

/* Elements [begin, end), in blocks as in elementwise.h: so each goes through the same vectors. */
#define PAIR_KERNEL(function, real, pair)                                                          \
    YG_MULTIVERSION static void function##_elements(const real *x, real *y, real *slope,           \
                                                    int64_t begin, int64_t end) {                  \
        for (int64_t start = begin; start < end; start += YG_MATH_BLOCK) {                         \
            const int64_t left = end - start;                                                      \
            const bool whole = left >= YG_MATH_BLOCK;                                              \
            real from[YG_MATH_BLOCK] = {0}, first[YG_MATH_BLOCK], second[YG_MATH_BLOCK];           \
            for (int64_t i = 0; !whole && i < left; i++)                                           \
                from[i] = x[start + i];                                                            \
            const real *source = whole ? x + start : from;                                         \
            real *to_y = whole && y ? y + start : first;                                           \
            real *to_slope = whole && slope ? slope + start : second;                              \
            _Pragma("omp simd") for (int i = 0; i < YG_MATH_BLOCK; i++)                            \
                pair(source[i], &to_y[i], &to_slope[i]);                                           \
            for (int64_t i = 0; !whole && i < left; i++) {                                         \
                if (y)                                                                             \
                    y[start + i] = first[i];                                                       \
                if (slope)                                                                         \
                    slope[start + i] = second[i];                                                  \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        function##_elements((const real *)call->in[0], (real *)call->outs[YG_GELU_VALUE],          \
                            (real *)call->outs[YG_GELU_SLOPE], call->begin, call->end);            \
        return true;                                                                               \
    }

PAIR_KERNEL(kernel_f32, float, pair_f32)
PAIR_KERNEL(kernel_f64, double, pair_f64)

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    char text[YG_TYPE_TEXT];
    results[YG_GELU_VALUE] = results[YG_GELU_SLOPE] = call->operands[0];
    return yg_dtype_is_float(call->operands[0].dtype) ||
           yg_fail(error, YG_ERROR_DTYPE, call->origin, "gelu_with_slope takes floats, not %s",
                   yg_type_text(&call->operands[0], text));
}

/* An element is a unit, and a row. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = plan->rows = yg_type_count(results);
    plan->min_rows = YG_MATH_BLOCK;
    plan->flops = 2 * (double)yg_type_count(results);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node x = operands[0], one = yg_scalar(graph, yg_node_type(graph, x)->dtype, 1);
    const yg_node ones = yg_broadcast(graph, one, yg_node_type(graph, x));
    results[YG_GELU_VALUE] = yg_apply(graph, &yg_op_gelu, &x, 1, NULL);
    results[YG_GELU_SLOPE] =
        yg_apply(graph, &yg_op_gelu_gradient, (const yg_node[]){ones, x}, 2, NULL);
    return 2;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index), cdf = (1 + erf(x / sqrt(2.0))) / 2;
    if (r->result == YG_GELU_VALUE)
        return x * cdf;
    return cdf + x * exp(-x * x / 2) / sqrt(2 * 3.14159265358979323846);
}

const yg_op yg_op_gelu_with_slope = {
    .name = "gelu_with_slope",
    .formula = "y = x · Φ(x), slope = Φ(x) + x · φ(x)",
    .doc = "Exact gelu and its derivative in one pass.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_INTERNAL,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .domain = {{-3, 3}},
    YG_SAMPLES(yg_unary_samples),
};
