/*
 * softmax: y_i = exp(x_i) / sum_j exp(x_j), along one dimension; the shape is x's.
 *
 * Its definition is exp(log_softmax(x)); so dx = dy · y - y · sum(dy · y), from the result itself.
 */
#include "build.h"
#include "registry.h"
#include "row_softmax.h"

#include <tgmath.h>

/* row_softmax.h subtracts the row's maximum, so that exp() cannot overflow. If an element is NaN,
 * the sum is NaN whatever the maximum is, and so is the whole row. */
#define SOFTMAX_KERNEL(function, real, suffix)                                                     \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_rows rows = yg_rows_along(call->out_type, call->attrs[0].i);                      \
        yg_row_group group;                                                                        \
        for (int64_t row = call->begin; row < call->end; row += group.count) {                     \
            const int64_t start = yg_row_start(&rows, row);                                        \
            group = yg_row_group_at(&rows, row, call->end);                                        \
            yg_row_softmax_##suffix(&group, (const real *)call->in[0] + start,                     \
                                    (real *)call->out + start);                                    \
        }                                                                                          \
        return true;                                                                               \
    }
SOFTMAX_KERNEL(softmax_f32, float, f32)
SOFTMAX_KERNEL(softmax_f64, double, f64)

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    results[0] = yg_exp(graph, yg_log_softmax(graph, operands[0], call->attrs[0].i));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return exp(yg_at(r, 0, index) - yg_reference_logsumexp(r, 0, index, r->call->attrs[0].i));
}

const yg_op yg_op_softmax = {
    .name = "softmax",
    .formula = "y_i = exp(x_i) / sum_j exp(x_j)",
    .doc = "Probabilities from logits, along one dimension; large logits do not overflow. A row "
           "with a NaN, or of nothing but -infinity, is NaN.",
    .group = "loss",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_rows_dim,
    .attr_count = 1,
    .infer = yg_rows_infer,
    .kernel = {[YG_F32] = softmax_f32, [YG_F64] = softmax_f64},
    .plan = yg_rows_plan,
    .compose = definition,
    .reference = reference,
    .domain = {{-4, 4}},
    .samples = yg_rows_samples,
    .sample_count = sizeof yg_rows_samples / sizeof *yg_rows_samples,
};
