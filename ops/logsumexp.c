/*
 * logsumexp: y[…] = log Σ exp(x[…, i, …]) over the dimensions `dim`, or over all of them.
 *
 * Computed as m + log Σ exp(x - m), where m is the largest element, so that nothing overflows. The
 * result is -infinity where every element is, and over no elements.
 * vjp: dx = dy · exp(x - y), the softmax; zero where y is -infinity.
 */
#include "build.h"
#include "extreme_key.h"
#include "reduction.h"
#include "registry.h"
#include "row_softmax.h"
#include "vector_math.h"

#include <tgmath.h>

/* First pass: the largest element, by its key. */
#define REDUCE_START           INT32_MIN
#define REDUCE_MAP(x, base)    yg_key_f32(x)
#define REDUCE_COMBINE(a, b)   ((a) > (b) ? (a) : (b))
#define REDUCE_FINISH(a, base) yg_key_bits_f32(a)
#define REDUCE_BASED           0
#define REDUCE_FUNCTIONS       0
#define REDUCE_NAME            largest_f32
#define REDUCE_INPUT           float
#define REDUCE_RESULT          yg_key32
#include "reduction_kernel.h"

#undef REDUCE_START
#undef REDUCE_MAP
#undef REDUCE_FINISH
#define REDUCE_START           INT64_MIN
#define REDUCE_MAP(x, base)    yg_key_f64(x)
#define REDUCE_FINISH(a, base) yg_key_bits_f64(a)
#define REDUCE_NAME            largest_f64
#define REDUCE_INPUT           double
#define REDUCE_RESULT          yg_key64
#include "reduction_kernel.h"

#undef REDUCE_START
#undef REDUCE_MAP
#undef REDUCE_COMBINE
#undef REDUCE_FINISH
#undef REDUCE_BASED
#undef REDUCE_FUNCTIONS

/* Second pass: log Σ exp(x - base) + base, where base is the largest element. */
#define REDUCE_START           0
#define REDUCE_MAP(x, base)    exp((x) - (base))
#define REDUCE_COMBINE(a, b)   ((a) + (b))
#define REDUCE_FINISH(a, base) (log(a) + (base))
#define REDUCE_BASED           1
#define REDUCE_FUNCTIONS       1
#define REDUCE_NAME            sum_exp_f32
#define REDUCE_INPUT           float
#define REDUCE_RESULT          float
#include "reduction_kernel.h"
#define REDUCE_NAME   sum_exp_f64
#define REDUCE_INPUT  double
#define REDUCE_RESULT double
#include "reduction_kernel.h"

/* True if each result comes from one contiguous row of at most one block. Then row_softmax.h
 * computes it: its code is fast for short rows too, and sums in double. It does not add in pairs of
 * blocks; over so few elements that costs no accuracy. */
static bool has_rows(const yg_reduction *order) {
    return order->inner_reduced && order->rows == 1 && order->kept_rank <= 1 &&
           order->inner <= REDUCE_BLOCK;
}

#define ROWS(function, real, suffix)                                                               \
    static void function(const yg_reduction *order, const real *x, real *out, int64_t begin,       \
                         int64_t end) {                                                            \
        const yg_rows rows = {.count = end, .length = order->inner, .stride = 1};                  \
        yg_row_group group;                                                                        \
        for (int64_t row = begin; row < end; row += group.count) {                                 \
            real shift[YG_ROW_GROUP];                                                              \
            double log_sum[YG_ROW_GROUP];                                                          \
            group = yg_row_group_at(&rows, row, end);                                              \
            yg_row_log_sum_##suffix(&group, x + row * rows.length, true, shift, log_sum);          \
            for (int64_t r = 0; r < group.count; r++)                                              \
                out[row + r] = (real)((double)shift[r] + log_sum[r]);                              \
        }                                                                                          \
    }
ROWS(rows_f32, float, f32)
ROWS(rows_f64, double, f64)

/* Where the maximum m is infinite or NaN, 0 takes its place. exp() and log() then give the right
 * limit, infinity, -infinity or NaN. Subtracting m would give NaN for infinity - infinity. */
#define KERNEL(function, real, suffix)                                                             \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        yg_reduction here;                                                                         \
        const yg_reduction *order = yg_reduction_prepared(call, &here);                            \
        real *out = call->out;                                                                     \
        if (has_rows(order)) {                                                                     \
            rows_##suffix(order, call->in[0], out, call->begin, call->end);                        \
            return true;                                                                           \
        }                                                                                          \
        largest_##suffix(order, call->in[0], call->out, call->begin, call->end);                   \
        for (int64_t o = call->begin; o < call->end; o++)                                          \
            out[o] = isfinite(out[o]) ? out[o] : 0;                                                \
        sum_exp_##suffix(order, call->in[0], out, call->begin, call->end);                         \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float, f32)
KERNEL(kernel_f64, double, f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_dtype dtype = yg_node_type(graph, y)->dtype;
    const yg_node empty = yg_equal(graph, y, yg_scalar(graph, dtype, -INFINITY));
    const yg_node base = yg_where(graph, empty, yg_scalar(graph, dtype, 0), y);
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_node softmax =
        yg_exp(graph, yg_subtract(graph, x, yg_reduction_expand(graph, y, base)));
    return yg_multiply(graph, yg_reduction_expand(graph, y, dy), softmax);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_attr *dim = &call->attrs[0];
    const yg_node x = operands[0];
    yg_type type;
    if (!yg_reduction_infer(call, &type, NULL))
        return 0;
    if (yg_reduction_count(&call->operands[0], dim) == 0) {
        results[0] = yg_full(graph, &type, -INFINITY);
        return 1;
    }
    const yg_node most = yg_max(graph, x, dim->ints, (size_t)dim->count, true);
    const yg_node infinite =
        yg_equal(graph, yg_abs(graph, most), yg_scalar(graph, type.dtype, INFINITY));
    const yg_node base = yg_where(graph, infinite, yg_scalar(graph, type.dtype, 0), most);
    const yg_node terms = yg_exp(graph, yg_subtract(graph, x, base));
    const yg_node sum = yg_sum(graph, terms, dim->ints, (size_t)dim->count, true);
    results[0] = yg_reshape(graph, yg_add(graph, yg_log(graph, sum), base), &type);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t count = yg_reduction_count(&r->call->operands[0], &r->call->attrs[0]);
    double sum = 0; /* the tests' values are small: exp() does not overflow */
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK];
        yg_reduction_at(r, index, i, at);
        sum += exp(yg_at(r, 0, at));
    }
    return log(sum);
}

const yg_op yg_op_logsumexp = {
    .name = "logsumexp",
    .formula = "y = log Σ exp(x) over the dimensions dim",
    .doc = "The logarithm of a sum of exponentials, without overflow. Over elements that are all "
           "-infinity it is -infinity, with a gradient of zero.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_reduction_attrs,
    .attr_count = sizeof yg_reduction_attrs / sizeof *yg_reduction_attrs,
    .infer = yg_reduction_infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = yg_reduction_plan,
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .samples = yg_reduction_samples,
    .sample_count = YG_REDUCTION_SAMPLES,
};
