/*
 * sum_terms: y[…] = Σ term(x[…, i, …], z[…, i, …]) over the dimensions `dim`, or over all of them.
 *
 * What rule_sum_terms makes of a sum of squares, of products, and so on: the terms are never
 * stored. They are rounded and added in the order in which `sum` adds them, so the bits are those
 * of the two operators. The definition gives the derivative.
 */
#include "sum_terms.h"

#include "build.h"
#include "reduction.h"
#include "registry.h"

#include <tgmath.h>

#define REDUCE_START           0
#define REDUCE_COMBINE(a, b)   ((a) + (b))
#define REDUCE_FINISH(a, base) (a)
#define REDUCE_BASED           0
#define REDUCE_FUNCTIONS       0
#define REDUCE_PARTS

/* Terms of one operand. */
#define REDUCE_MAP(x, base) ((x) * (x))
#define REDUCE_NAME         square_f32
#define REDUCE_INPUT        float
#define REDUCE_RESULT       float
#include "reduction_kernel.h"
#define REDUCE_NAME   square_f64
#define REDUCE_INPUT  double
#define REDUCE_RESULT double
#include "reduction_kernel.h"

#undef REDUCE_MAP
#define REDUCE_MAP(x, base) fabs(x)
#define REDUCE_NAME         magnitude_f32
#define REDUCE_INPUT        float
#define REDUCE_RESULT       float
#include "reduction_kernel.h"
#define REDUCE_NAME   magnitude_f64
#define REDUCE_INPUT  double
#define REDUCE_RESULT double
#include "reduction_kernel.h"

/* Terms of two. */
#define REDUCE_TWO

#undef REDUCE_MAP
#define REDUCE_MAP(x, z, base) ((x) * (z))
#define REDUCE_NAME            product_f32
#define REDUCE_INPUT           float
#define REDUCE_RESULT          float
#include "reduction_kernel.h"
#define REDUCE_NAME   product_f64
#define REDUCE_INPUT  double
#define REDUCE_RESULT double
#include "reduction_kernel.h"

#undef REDUCE_MAP
#define REDUCE_MAP(x, z, base) (((x) - (z)) * ((x) - (z)))
#define REDUCE_NAME            squared_distance_f32
#define REDUCE_INPUT           float
#define REDUCE_RESULT          float
#include "reduction_kernel.h"
#define REDUCE_NAME   squared_distance_f64
#define REDUCE_INPUT  double
#define REDUCE_RESULT double
#include "reduction_kernel.h"

#undef REDUCE_MAP
#define REDUCE_MAP(x, z, base) fabs((x) - (z))
#define REDUCE_NAME            distance_f32
#define REDUCE_INPUT           float
#define REDUCE_RESULT          float
#include "reduction_kernel.h"
#define REDUCE_NAME   distance_f64
#define REDUCE_INPUT  double
#define REDUCE_RESULT double
#include "reduction_kernel.h"

/* The kernels of an element type: of a call, and the two of yg_op_plan.parts. */
#define KERNELS(suffix, real)                                                                      \
    static bool kernel_##suffix(const yg_kernel_call *call, yg_error *error) {                     \
        (void)error;                                                                               \
        yg_reduction here;                                                                         \
        const yg_reduction *o = yg_reduction_prepared(call, &here);                                \
        const real *x = call->in[0], *z = call->operand_count > 1 ? call->in[1] : x;               \
        real *out = call->out;                                                                     \
        switch (call->attrs[YG_SUM_TERMS_TERM].i) {                                                \
        case YG_TERM_SQUARE:                                                                       \
            square_##suffix(o, x, out, call->begin, call->end);                                    \
            break;                                                                                 \
        case YG_TERM_MAGNITUDE:                                                                    \
            magnitude_##suffix(o, x, out, call->begin, call->end);                                 \
            break;                                                                                 \
        case YG_TERM_PRODUCT:                                                                      \
            product_##suffix(o, x, z, out, call->begin, call->end);                                \
            break;                                                                                 \
        case YG_TERM_SQUARED_DISTANCE:                                                             \
            squared_distance_##suffix(o, x, z, out, call->begin, call->end);                       \
            break;                                                                                 \
        default:                                                                                   \
            distance_##suffix(o, x, z, out, call->begin, call->end);                               \
        }                                                                                          \
        return true;                                                                               \
    }                                                                                              \
    static bool part_##suffix(const yg_kernel_call *call, yg_error *error) {                       \
        (void)error;                                                                               \
        yg_reduction here;                                                                         \
        const yg_reduction *o = yg_reduction_prepared(call, &here);                                \
        const real *x = call->in[0], *z = call->operand_count > 1 ? call->in[1] : x;               \
        real *out = call->out;                                                                     \
        switch (call->attrs[YG_SUM_TERMS_TERM].i) {                                                \
        case YG_TERM_SQUARE:                                                                       \
            square_##suffix##_part(o, x, out, call->begin, call->end);                             \
            break;                                                                                 \
        case YG_TERM_MAGNITUDE:                                                                    \
            magnitude_##suffix##_part(o, x, out, call->begin, call->end);                          \
            break;                                                                                 \
        case YG_TERM_PRODUCT:                                                                      \
            product_##suffix##_part(o, x, z, out, call->begin, call->end);                         \
            break;                                                                                 \
        case YG_TERM_SQUARED_DISTANCE:                                                             \
            squared_distance_##suffix##_part(o, x, z, out, call->begin, call->end);                \
            break;                                                                                 \
        default:                                                                                   \
            distance_##suffix##_part(o, x, z, out, call->begin, call->end);                        \
        }                                                                                          \
        return true;                                                                               \
    }                                                                                              \
    static bool finish_##suffix(const yg_kernel_call *call, yg_error *error) {                     \
        (void)error;                                                                               \
        yg_reduction here;                                                                         \
        square_##suffix##_finish(yg_reduction_prepared(call, &here), call->in[0], call->out);      \
        return true;                                                                               \
    }
KERNELS(f32, float)
KERNELS(f64, double)

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0], *z = &call->operands[call->operand_count - 1];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    const bool two = call->attrs[YG_SUM_TERMS_TERM].i >= YG_TERM_PRODUCT;
    if (!yg_dtype_is_float(x->dtype) || !yg_type_equal(x, z) || call->operand_count != 1U + two)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin, "sum_terms does not take %s and %s",
                       yg_type_text(x, a), yg_type_text(z, b));
    return yg_reduction_infer(call, result, error);
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const bool single = call->operands[0].dtype == YG_F32;
    yg_reduction_plan_parts(call, results, single ? part_f32 : part_f64,
                            single ? finish_f32 : finish_f64, plan);
    if (plan->parts.count > 0 && call->operand_count > 1)
        plan->whole = 2; /* only operand 0 is taken in parts */
    plan->flops *= 3;
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const int64_t term = call->attrs[YG_SUM_TERMS_TERM].i;
    const yg_attr *dim = &call->attrs[YG_SUM_TERMS_DIM];
    yg_node x = operands[0];
    if (term == YG_TERM_PRODUCT)
        x = yg_multiply(graph, x, operands[1]);
    else if (term > YG_TERM_PRODUCT)
        x = yg_subtract(graph, x, operands[1]);
    if (term == YG_TERM_SQUARE || term == YG_TERM_SQUARED_DISTANCE)
        x = yg_square(graph, x);
    else if (term != YG_TERM_PRODUCT)
        x = yg_abs(graph, x);
    results[0] =
        yg_sum(graph, x, dim->ints, (size_t)dim->count, call->attrs[YG_SUM_TERMS_KEEPDIM].i != 0);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t count = yg_reduction_count(&r->call->operands[0], &r->call->attrs[0]);
    const int64_t term = r->call->attrs[YG_SUM_TERMS_TERM].i;
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK];
        yg_reduction_at(r, index, i, at);
        const double x = yg_at(r, 0, at), z = r->call->operand_count > 1 ? yg_at(r, 1, at) : 0;
        const double off = term == YG_TERM_SQUARE ? x : x - z;
        sum += term == YG_TERM_PRODUCT                                      ? x * z
               : term == YG_TERM_SQUARE || term == YG_TERM_SQUARED_DISTANCE ? off * off
                                                                            : fabs(off);
    }
    return sum;
}

static const char *const terms[] = {
    [YG_TERM_SQUARE] = "square",     [YG_TERM_MAGNITUDE] = "magnitude",
    [YG_TERM_PRODUCT] = "product",   [YG_TERM_SQUARED_DISTANCE] = "squared_distance",
    [YG_TERM_DISTANCE] = "distance", [YG_TERMS] = NULL,
};

static const yg_attr_spec attrs[YG_SUM_TERMS_ATTRS] = {
    YG_REDUCTION_ATTRS,
    {.name = "term", .kind = YG_ATTR_CHOICE, .choices = terms, .doc = "what is added up"},
};

#define LAST                                                                                       \
    {                                                                                              \
        .count = 1, .ints = { -1 }                                                                 \
    }
#define FIRST                                                                                      \
    {                                                                                              \
        .count = 1, .ints = { 0 }                                                                  \
    }
static const yg_sample samples[] = {
    {{"f[5, 37]"}, (const yg_attr[]){LAST, {0}, {.i = YG_TERM_SQUARE}}},
    {{"f[70, 5]"}, (const yg_attr[]){FIRST, {.i = 1}, {.i = YG_TERM_SQUARE}}},
    {{"f[2100]"}, (const yg_attr[]){{0}, {0}, {.i = YG_TERM_MAGNITUDE}}},
    {{"f[17, 40]", "f[17, 40]"}, (const yg_attr[]){LAST, {0}, {.i = YG_TERM_PRODUCT}}},
    {{"f[6, 300]", "f[6, 300]"}, (const yg_attr[]){LAST, {0}, {.i = YG_TERM_PRODUCT}}},
    {{"f[70, 5]", "f[70, 5]"}, (const yg_attr[]){FIRST, {0}, {.i = YG_TERM_PRODUCT}}},
    {{"f[3, 7, 2]", "f[3, 7, 2]"}, (const yg_attr[]){{0}, {0}, {.i = YG_TERM_SQUARED_DISTANCE}}},
    {{"f[2100]", "f[2100]"}, (const yg_attr[]){{0}, {0}, {.i = YG_TERM_DISTANCE}}},
};

const yg_op yg_op_sum_terms = {
    .name = "sum_terms",
    .formula = "y = Σ term(x, z) over the dimensions dim",
    .doc = "Sums squares, magnitudes, products or distances, without storing them.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 2,
    .operand_names = {"x", "z"},
    .attrs = attrs,
    .attr_count = YG_SUM_TERMS_ATTRS,
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
