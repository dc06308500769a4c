/*
 * index_cross_entropy: y = log sum_j exp(z_j) - z_c for each row z of the logits [..., C] and its
 * class c [...]; 0 for an ignored row. The result has the class indices' shape.
 *
 * vjp: dz = dy · (softmax(z) - one_hot(c)), one subtraction an element: softmax_minus_one_hot.
 */
#include "build.h"
#include "class_index.h"
#include "registry.h"
#include "row_softmax.h"

#include <tgmath.h>

/* y = (m - z_c) + log sum_j exp(z_j - m), where m is the row's maximum. The difference is taken
 * first: for a confident and right row it is exactly 0, and the small loss keeps its digits. */
#define INDEX_CROSS_ENTROPY_KERNEL(function, real, suffix)                                         \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const yg_rows rows = yg_rows_along(call->in_types[1], -1);                                 \
        real *y = call->out;                                                                       \
        yg_row_group group;                                                                        \
        for (int64_t row = call->begin; row < call->end; row += group.count) {                     \
            const real *z = (const real *)call->in[1] + row * rows.length;                         \
            real max[YG_ROW_GROUP];                                                                \
            double log_sum[YG_ROW_GROUP];                                                          \
            group = yg_row_group_at(&rows, row, call->end);                                        \
            yg_row_log_sum_##suffix(&group, z, false, max, log_sum);                               \
            for (int64_t r = 0; r < group.count; r++, z += rows.length) {                          \
                int64_t target;                                                                    \
                if (!yg_class_read(call, row + r, &target, error))                                 \
                    return false;                                                                  \
                y[row + r] = target < 0 ? 0 : (max[r] - z[target]) + (real)log_sum[r];             \
            }                                                                                      \
        }                                                                                          \
        return true;                                                                               \
    }
INDEX_CROSS_ENTROPY_KERNEL(index_cross_entropy_f32, float, f32)
INDEX_CROSS_ENTROPY_KERNEL(index_cross_entropy_f64, double, f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k; /* always 1, the logits: class indices are integers and have no cotangent */
    const yg_node slope = yg_apply(graph, &yg_op_softmax_minus_one_hot, yg_node_operands(graph, y),
                                   2, yg_node_attrs(graph, y));
    return yg_multiply(graph, yg_class_column(graph, dy), slope);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node both[] = {operands[0], yg_log_softmax(graph, operands[1], -1)};
    results[0] = yg_apply(graph, &yg_op_index_nll, both, 2, call->attrs);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int rank = r->call->operands[0].rank;
    const int64_t target = yg_class_reference(r, index);
    if (target < 0)
        return 0;
    int64_t at[YG_MAX_RANK];
    for (int i = 0; i < rank; i++)
        at[i] = index[i];
    at[rank] = target;
    return yg_reference_logsumexp(r, 1, at, -1) - yg_at(r, 1, at);
}

const yg_op yg_op_index_cross_entropy = {
    .name = "index_cross_entropy",
    .formula = "y = log sum_j exp(z_j) - z_c",
    .doc = "The cross-entropy of each row of logits with its class; see cross_entropy.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"target", "logits"},
    .attrs = yg_class_attrs,
    .attr_count = 1,
    .flags = YG_OP_INTERNAL,
    .infer = yg_class_infer_rows,
    .kernel = {[YG_F32] = index_cross_entropy_f32, [YG_F64] = index_cross_entropy_f64},
    .plan = yg_class_plan,
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {YG_CLASS_DOMAIN, {-4, 4}},
    .samples = yg_class_samples,
    .sample_count = sizeof yg_class_samples / sizeof *yg_class_samples,
};
