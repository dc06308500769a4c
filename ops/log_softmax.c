/*
 * log_softmax: y_i = x_i - log sum_j exp(x_j), along one dimension; the shape is x's.
 *
 * vjp: dx = dy - exp(y) · sum(dy), from the result itself.
 */
#include "build.h"
#include "multiversion.h"
#include "registry.h"
#include "row_softmax.h"

#include <tgmath.h>

/* The row's maximum is subtracted first. So exp() cannot overflow, and the logarithm is finite even
 * where the probability itself underflows to 0. */
#define LOG_SOFTMAX_KERNEL(function, real, suffix)                                                 \
    YG_MULTIVERSION static void function##_rows(const yg_row_group *rows, const real *x,           \
                                                const real *max, const double *log_sum, real *y) { \
        const int64_t length = rows->length, stride = rows->stride;                                \
        real sum[YG_ROW_GROUP];                                                                    \
        for (int64_t r = 0; r < YG_ROW_GROUP; r++)                                                 \
            sum[r] = r < rows->count ? (real)log_sum[r] : 0;                                       \
        for (int64_t r = 0; stride == 1 && r < rows->count; r++) {                                 \
            const real *from = x + r * rows->step, m = max[r], s = sum[r];                         \
            real *to = y + r * rows->step;                                                         \
            _Pragma("omp simd") for (int64_t i = 0; i < length; i++) to[i] = from[i] - m - s;      \
        }                                                                                          \
        /* Rows that lie beside each other. */                                                     \
        for (int64_t i = 0; stride != 1 && i < length; i++) {                                      \
            const real *from = x + i * stride;                                                     \
            real *to = y + i * stride;                                                             \
            _Pragma("omp simd") for (int64_t r = 0; r < rows->count; r++) to[r] =                  \
                from[r] - max[r] - sum[r];                                                         \
        }                                                                                          \
    }                                                                                              \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_rows rows = yg_rows_along(call->out_type, call->attrs[0].i);                      \
        yg_row_group group;                                                                        \
        for (int64_t row = call->begin; row < call->end; row += group.count) {                     \
            const real *x = (const real *)call->in[0] + yg_row_start(&rows, row);                  \
            real *y = (real *)call->out + yg_row_start(&rows, row);                                \
            real max[YG_ROW_GROUP];                                                                \
            double log_sum[YG_ROW_GROUP];                                                          \
            group = yg_row_group_at(&rows, row, call->end);                                        \
            yg_row_log_sum_##suffix(&group, x, false, max, log_sum);                               \
            function##_rows(&group, x, max, log_sum, y);                                           \
        }                                                                                          \
        return true;                                                                               \
    }
LOG_SOFTMAX_KERNEL(log_softmax_f32, float, f32)
LOG_SOFTMAX_KERNEL(log_softmax_f64, double, f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const int64_t dim = yg_node_attrs(graph, y)[0].i;
    const size_t dims = yg_node_type(graph, y)->rank > 0; /* 0 for a scalar: sum over nothing */
    const yg_node sum = yg_sum(graph, dy, &dim, dims, true);
    return yg_subtract(graph, dy, yg_multiply(graph, yg_exp(graph, y), sum));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const bool has_rows = call->operands[0].rank > 0; /* a scalar is its own only row */
    const yg_attr attrs[] = {{.count = has_rows, .ints = {call->attrs[0].i}}, {.i = true}};
    const yg_node total = yg_apply(graph, &yg_op_logsumexp, operands, 1, attrs);
    results[0] = yg_subtract(graph, operands[0], total);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index) - yg_reference_logsumexp(r, 0, index, r->call->attrs[0].i);
}

const yg_op yg_op_log_softmax = {
    .name = "log_softmax",
    .formula = "y_i = x_i - log sum_j exp(x_j)",
    .doc = "The logarithm of softmax, finite also where softmax underflows to 0.",
    .group = "loss",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_rows_dim,
    .attr_count = 1,
    .infer = yg_rows_infer,
    .kernel = {[YG_F32] = log_softmax_f32, [YG_F64] = log_softmax_f64},
    .plan = yg_rows_plan,
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-4, 4}},
    .samples = yg_rows_samples,
    .sample_count = sizeof yg_rows_samples / sizeof *yg_rows_samples,
};
