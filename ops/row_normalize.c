/*
 * row_normalize: y = (x - m) · s · weight + bias for each row of x, where s = 1 / sqrt(v + eps).
 *
 * m is the mean of the row and v its variance, or with `centered` off m is 0 and v the mean of x².
 * Three results: y, m and s. They are computed in two passes over the row, so that a large mean
 * does not hurt. weight and bias may be left out. vjp: row_normalize_gradient; of m and s in plain
 * operators.
 */
#include "row_normalize.h"

#include "build.h"
#include "multiversion.h"
#include "registry.h"
#include "turn.h"

#include <math.h>
#include <string.h>

enum { X, WEIGHT, BIAS }; /* operands */
enum { LANES = 64, BLOCK = 1024 };

#define ROW_REAL       float
#define ROW_NAME(name) name##_f32
#include "row_normalize_kernel.h"
#define ROW_REAL       double
#define ROW_NAME(name) name##_f64
#include "row_normalize_kernel.h"

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *x = &call->operands[X];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_dtype_is_float(x->dtype) || x->rank != 2)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "row_normalize takes rows of floats, not %s", yg_type_text(x, a));
    for (size_t k = WEIGHT; k < call->operand_count; k++) {
        const yg_type *other = &call->operands[k];
        if (other->dtype != x->dtype || other->rank != 1 || other->shape[0] != x->shape[1])
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "row_normalize: %s does not fit rows of %s", yg_type_text(other, a),
                           yg_type_text(x, b));
    }
    results[YG_ROW_NORMAL] = *x;
    return yg_type_make(x->dtype, 1, x->shape, &results[YG_ROW_MEAN], error) &&
           yg_type_make(x->dtype, 1, x->shape, &results[YG_ROW_SCALE], error);
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    plan->units = plan->rows = results[0].shape[0];
    plan->whole = (1U << WEIGHT) | (1U << BIAS);
    plan->flops = 8 * (double)yg_type_count(results);
    (void)call;
}

#define KERNEL(function, real, normalize)                                                          \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const real *weight = call->operand_count > WEIGHT ? (const real *)call->in[WEIGHT] : NULL; \
        const real *bias = call->operand_count > BIAS ? (const real *)call->in[BIAS] : NULL;       \
        normalize(call->out_type->shape[1], call->attrs[YG_ROW_CENTERED].i != 0,                   \
                  call->attrs[YG_ROW_EPS].f, (const real *)call->in[X], weight, bias,              \
                  (real *)call->outs[YG_ROW_NORMAL], (real *)call->outs[YG_ROW_MEAN],              \
                  (real *)call->outs[YG_ROW_SCALE], call->begin, call->end);                       \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float, normalize_f32)
KERNEL(kernel_f64, double, normalize_f64)

/* Of x from the cotangents of m and s: dm / n - ds · s³ / n · (x - m). */
static yg_node through_statistics(yg_graph *graph, yg_node y, const yg_node *dy) {
    const yg_node x = yg_node_operand(graph, y, X);
    const yg_type *type = yg_node_type(graph, x);
    const double length = (double)type->shape[1];
    const bool centered = yg_node_attrs(graph, y)[YG_ROW_CENTERED].i != 0;
    yg_node sum = YG_NONE;
    if (dy[YG_ROW_MEAN] != YG_NONE && centered)
        sum = yg_broadcast(graph, yg_as_column(graph, yg_scale(graph, dy[YG_ROW_MEAN], 1 / length)),
                           type);
    if (dy[YG_ROW_SCALE] == YG_NONE)
        return sum;
    const yg_node s = yg_node_result(graph, y, YG_ROW_SCALE);
    const yg_node m = yg_as_column(graph, yg_node_result(graph, y, YG_ROW_MEAN));
    const yg_node cube = yg_multiply(graph, s, yg_square(graph, s));
    const yg_node factor = yg_scale(graph, yg_multiply(graph, dy[YG_ROW_SCALE], cube), -1 / length);
    const yg_node term =
        yg_multiply(graph, centered ? yg_subtract(graph, x, m) : x, yg_as_column(graph, factor));
    return sum == YG_NONE ? term : yg_add(graph, sum, term);
}

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    const yg_node statistics = k == X ? through_statistics(graph, y, dy) : YG_NONE;
    if (dy[YG_ROW_NORMAL] == YG_NONE)
        return statistics;
    const bool weighted = yg_node_operand_count(graph, y) > WEIGHT;
    const yg_node operands[] = {dy[YG_ROW_NORMAL], yg_node_operand(graph, y, X),
                                yg_node_result(graph, y, YG_ROW_MEAN),
                                yg_node_result(graph, y, YG_ROW_SCALE),
                                weighted ? yg_node_operand(graph, y, WEIGHT) : YG_NONE};
    yg_node results[3];
    if (yg_apply_all(graph, &yg_op_row_normalize_gradient, operands, weighted ? 5 : 4,
                     yg_node_attrs(graph, y), results, 3) != 3)
        return YG_NONE;
    if (k != X)
        return yg_sum(graph, results[k], (const int64_t[]){0}, 1, false);
    return statistics == YG_NONE ? results[X] : yg_add(graph, results[X], statistics);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node x = operands[X];
    const yg_type row = {
        .dtype = call->operands[X].dtype, .rank = 1, .shape = {call->operands[X].shape[0]}};
    const int64_t last = 1;
    yg_node mean = yg_full(graph, &row, 0), off = x;
    if (call->attrs[YG_ROW_CENTERED].i) {
        mean = yg_mean(graph, x, &last, 1, false);
        off = yg_subtract(graph, x, yg_as_column(graph, mean));
    }
    const yg_node variance = yg_mean(graph, yg_square(graph, off), &last, 1, false);
    const yg_node scale = yg_rsqrt(graph, yg_offset(graph, variance, call->attrs[YG_ROW_EPS].f));
    yg_node y = yg_multiply(graph, off, yg_as_column(graph, scale));
    if (call->operand_count > WEIGHT)
        y = yg_multiply(graph, y, operands[WEIGHT]);
    if (call->operand_count > BIAS)
        y = yg_add(graph, y, operands[BIAS]);
    results[YG_ROW_NORMAL] = y;
    results[YG_ROW_MEAN] = mean;
    results[YG_ROW_SCALE] = scale;
    return 3;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const bool centered = r->call->attrs[YG_ROW_CENTERED].i != 0;
    const int64_t n = r->call->operands[X].shape[1];
    double mean = 0, variance = 0;
    for (int64_t i = 0; centered && i < n; i++)
        mean += yg_at(r, X, (const int64_t[]){index[0], i}) / (double)n;
    for (int64_t i = 0; i < n; i++)
        variance += pow(yg_at(r, X, (const int64_t[]){index[0], i}) - mean, 2) / (double)n;
    const double scale = 1 / sqrt(variance + r->call->attrs[YG_ROW_EPS].f);
    if (r->result != YG_ROW_NORMAL)
        return r->result == YG_ROW_MEAN ? mean : scale;
    double y = (yg_at(r, X, index) - mean) * scale;
    if (r->call->operand_count > WEIGHT)
        y *= yg_at(r, WEIGHT, &index[1]);
    if (r->call->operand_count > BIAS)
        y += yg_at(r, BIAS, &index[1]);
    return y;
}

static const yg_attr_spec attrs[] = {
    [YG_ROW_CENTERED] = {.name = "centered",
                         .kind = YG_ATTR_BOOL,
                         .fallback = {.i = 1},
                         .doc = "takes the mean off"},
    [YG_ROW_EPS] = {.name = "eps",
                    .kind = YG_ATTR_FLOAT,
                    .fallback = {.f = 1e-5},
                    .max = 1e30,
                    .doc = "added to the variance"},
};

static const yg_attr not_centered[] = {{.i = 0}, {.f = 1e-3}};

static const yg_sample samples[] = {
    {{"f[3, 5]", "f[5]", "f[5]"}, NULL},
    {{"f[3, 5]", "f[5]"}, not_centered},
    {{"f[2, 3]"}, not_centered},
    {{"f[2, 4]"}, NULL},
    {{"f[35, 4]", "f[4]"}, NULL}, /* two blocks of rows */
    {{"f[2, 150]", "f[150]", "f[150]"}, NULL},
    {{"f[1, 1100]"}, NULL}, /* two blocks of a row */
    {{"f[2, 1]"}, (const yg_attr[]){{.i = 1}, {.f = 0.5}}},
    {{"f[0, 3]", "f[3]", "f[3]"}, NULL},
};

const yg_op yg_op_row_normalize = {
    .name = "row_normalize",
    .formula = "y = (x - m) · s · weight + bias for each row, s = 1 / sqrt(v + eps)",
    .doc = "Normalises rows. Three results: y, the mean m of each row (0 if it is not taken off), "
           "and s, where v is the mean of (x - m)².",
    .group = "normalisation",
    .min_operands = 1,
    .max_operands = 3,
    .operand_names = {"x", "weight", "bias"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_INTERNAL,
    .results = 3,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp_all = vjp,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};

yg_node yg_as_column(yg_graph *graph, yg_node x) {
    if (x == YG_NONE)
        return YG_NONE;
    yg_type column = *yg_node_type(graph, x);
    column.rank = 2;
    column.shape[1] = 1;
    return yg_reshape(graph, x, &column);
}
