/*
 * softmax_minus_one_hot: y_j = softmax(z)_j - [j = c] for each row z of the logits [..., C] and
 * its class c [...]; 0 in an ignored row. The result has the logits' shape. It is the derivative
 * of the cross-entropy by the logits, which textbooks write as "a - y".
 *
 * Its definition is softmax(z) - one_hot(c); so dz = s · (dy - sum(dy · s)) with s = softmax(z), dy
 * taken as 0 in ignored rows.
 */
#include "build.h"
#include "class_index.h"
#include "registry.h"
#include "row_softmax.h"

#include <tgmath.h>

#define SOFTMAX_MINUS_ONE_HOT_KERNEL(function, real, suffix)                                       \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const yg_rows rows = yg_rows_along(call->in_types[1], -1);                                 \
        yg_row_group group;                                                                        \
        for (int64_t row = call->begin; row < call->end; row += group.count) {                     \
            const real *z = (const real *)call->in[1] + row * rows.length;                         \
            real *y = (real *)call->out + row * rows.length;                                       \
            group = yg_row_group_at(&rows, row, call->end);                                        \
            yg_row_softmax_##suffix(&group, z, y);                                                 \
            for (int64_t r = 0; r < group.count; r++, y += rows.length) {                          \
                int64_t target;                                                                    \
                if (!yg_class_read(call, row + r, &target, error))                                 \
                    return false;                                                                  \
                if (target >= 0)                                                                   \
                    y[target] -= 1;                                                                \
                for (int64_t c = 0; target < 0 && c < rows.length; c++)                            \
                    y[c] = 0;                                                                      \
            }                                                                                      \
        }                                                                                          \
        return true;                                                                               \
    }
SOFTMAX_MINUS_ONE_HOT_KERNEL(softmax_minus_one_hot_f32, float, f32)
SOFTMAX_MINUS_ONE_HOT_KERNEL(softmax_minus_one_hot_f64, double, f64)

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const int64_t ignored = call->attrs[0].i;
    const yg_node one_hot = yg_class_one_hot(graph, operands[0], &call->operands[1], ignored);
    const yg_node counts = yg_class_column(graph, yg_class_counts(graph, operands[0], ignored));
    const yg_node slope = yg_subtract(graph, yg_softmax(graph, operands[1], -1), one_hot);
    results[0] = yg_where(graph, counts, slope, yg_scalar(graph, call->operands[1].dtype, 0));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t target = yg_class_reference(r, index);
    if (target < 0)
        return 0;
    const double probability = exp(yg_at(r, 1, index) - yg_reference_logsumexp(r, 1, index, -1));
    return probability - (index[r->call->operands[0].rank] == target);
}

const yg_op yg_op_softmax_minus_one_hot = {
    .name = "softmax_minus_one_hot",
    .formula = "y_j = softmax(z)_j - [j = c]",
    .doc = "The derivative of the cross-entropy by the logits; see cross_entropy.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"target", "logits"},
    .attrs = yg_class_attrs,
    .attr_count = 1,
    .flags = YG_OP_INTERNAL,
    .infer = yg_class_infer_scores,
    .kernel = {[YG_F32] = softmax_minus_one_hot_f32, [YG_F64] = softmax_minus_one_hot_f64},
    .plan = yg_class_plan,
    .compose = definition,
    .reference = reference,
    .domain = {YG_CLASS_DOMAIN, {-4, 4}},
    .samples = yg_class_samples,
    .sample_count = sizeof yg_class_samples / sizeof *yg_class_samples,
};
