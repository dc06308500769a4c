/*
 * soft_cross_entropy: y = sum_j t_j · (log sum_i exp(z_i) - z_j) for each row of the targets t and
 * the logits z, both [..., C]. The result lacks the last dimension.
 *
 * vjp: dz = dy · (softmax(z) · sum(t) - t), which for a row of probabilities is softmax(z) - t;
 * dt = -dy · log_softmax(z).
 */
#include "build.h"
#include "class_index.h"
#include "registry.h"
#include "row_softmax.h"

#include <tgmath.h>

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    const yg_type *target = &call->operands[0], *logits = &call->operands[1];
    if (!yg_type_equal(target, logits) || target->rank == 0)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "soft_cross_entropy: target %s and logits %s must be of one type, with the "
                       "classes in the last dimension",
                       yg_type_text(target, a), yg_type_text(logits, b));
    *result = *logits;
    result->shape[--result->rank] = 0;
    return true;
}

#define SOFT_CROSS_ENTROPY_KERNEL(function, real, suffix)                                          \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_rows rows = yg_rows_along(call->in_types[1], -1);                                 \
        real *y = call->out;                                                                       \
        yg_row_group group;                                                                        \
        for (int64_t row = call->begin; row < call->end; row += group.count) {                     \
            const real *t = (const real *)call->in[0] + row * rows.length;                         \
            const real *z = (const real *)call->in[1] + row * rows.length;                         \
            real max[YG_ROW_GROUP];                                                                \
            double log_sum[YG_ROW_GROUP];                                                          \
            group = yg_row_group_at(&rows, row, call->end);                                        \
            yg_row_log_sum_##suffix(&group, z, false, max, log_sum);                               \
            for (int64_t r = 0; r < group.count; r++, t += rows.length, z += rows.length) {        \
                double loss = 0;                                                                   \
                for (int64_t c = 0; c < rows.length; c++)                                          \
                    loss += (double)t[c] * ((double)(max[r] - z[c]) + log_sum[r]);                 \
                y[row + r] = (real)loss;                                                           \
            }                                                                                      \
        }                                                                                          \
        return true;                                                                               \
    }
SOFT_CROSS_ENTROPY_KERNEL(soft_cross_entropy_f32, float, f32)
SOFT_CROSS_ENTROPY_KERNEL(soft_cross_entropy_f64, double, f64)

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    plan->units = plan->rows = yg_type_count(results);
    plan->flops = 5 * (double)yg_type_count(&call->operands[1]);
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node target = yg_node_operand(graph, y, 0), logits = yg_node_operand(graph, y, 1);
    const yg_node column = yg_class_column(graph, dy);
    if (k == 0)
        return yg_multiply(graph, yg_negative(graph, column), yg_log_softmax(graph, logits, -1));
    const int64_t last = -1;
    const yg_node total = yg_sum(graph, target, &last, 1, true);
    const yg_node expected = yg_multiply(graph, yg_softmax(graph, logits, -1), total);
    return yg_multiply(graph, column, yg_subtract(graph, expected, target));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const int64_t last = -1;
    const yg_node terms = yg_multiply(graph, operands[0], yg_log_softmax(graph, operands[1], last));
    results[0] = yg_negative(graph, yg_sum(graph, terms, &last, 1, false));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *type = &r->call->operands[0];
    const int last = type->rank - 1;
    int64_t at[YG_MAX_RANK];
    for (int i = 0; i < last; i++)
        at[i] = index[i];
    double loss = 0;
    for (at[last] = 0; at[last] < type->shape[last]; at[last]++)
        loss -= yg_at(r, 0, at) * (yg_at(r, 1, at) - yg_reference_logsumexp(r, 1, at, -1));
    return loss;
}

static const yg_sample samples[] = {
    {.operands = {"f[4, 5]", "f[4, 5]"}},
    {.operands = {"f[2, 3, 4]", "f[2, 3, 4]"}},
    {.operands = {"f[5]", "f[5]"}},
    {.operands = {"f[0, 5]", "f[0, 5]"}},
};

const yg_op yg_op_soft_cross_entropy = {
    .name = "soft_cross_entropy",
    .formula = "y = -sum_j t_j · log softmax(z)_j",
    .doc = "The cross-entropy of each row of logits with a row of probabilities; see "
           "cross_entropy.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"target", "logits"},
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_F32] = soft_cross_entropy_f32, [YG_F64] = soft_cross_entropy_f64},
    .plan = plan,
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{0, 1}, {-4, 4}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
