/*
 * binary_accuracy: the fraction of elements where the prediction is above the threshold and the
 * target is 1, or the prediction is not and the target is 0.
 *
 * Shapes: prediction (float) and target (any element type) have one shape; the result is a scalar
 * of the prediction's type. A composite; no derivative: a step function.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check(graph, call))
        return 0;
    const yg_dtype dtype = call->operands[0].dtype;
    const yg_node threshold = yg_scalar(graph, dtype, call->attrs[0].f);
    const yg_node positive = yg_cast(graph, yg_greater(graph, operands[0], threshold), dtype);
    const yg_node right = yg_equal(graph, positive, operands[1]);
    results[0] = yg_mean(graph, yg_cast(graph, right, dtype), NULL, 0, false);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    const yg_type *type = &r->call->operands[0];
    int64_t strides[YG_MAX_RANK], at[YG_MAX_RANK];
    yg_type_strides(type, strides);
    const int64_t count = yg_type_count(type);
    double right = 0;
    for (int64_t i = 0; i < count; i++) {
        for (int d = 0; d < type->rank; d++)
            at[d] = i / strides[d] % type->shape[d];
        right += (yg_at(r, 0, at) > r->call->attrs[0].f) == yg_at(r, 1, at);
    }
    return right / (double)count;
}

static const yg_attr_spec attrs[] = {{
    .name = "threshold",
    .kind = YG_ATTR_FLOAT,
    .fallback = {.f = 0.5},
    .doc = "predictions above it stand for 1: 0.5 for probabilities, 0 for logits",
}};

static const yg_attr logits[] = {{.f = 0}};

static const yg_sample samples[] = {
    {.operands = {"f[20, 1]", "i[20, 1]"}},
    {.operands = {"f[20]", "b[20]"}, .attrs = logits},
    {.operands = {"f[]", "i[]"}},
    {.operands = {"f[0, 1]", "i[0, 1]"}},
};

const yg_op yg_op_binary_accuracy = {
    .name = "binary_accuracy",
    .formula = "y = mean((prediction > threshold) = target)",
    .doc = "The fraction of right answers to yes-or-no questions; targets are 0 and 1.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"prediction", "target"},
    .attrs = attrs,
    .attr_count = 1,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .compose = compose,
    .reference = reference,
    .domain = {{-1, 2}, {0, 1}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
