/*
 * accuracy: the fraction of rows whose largest score is at the label.
 *
 * Shapes: scores [..., C], logits or probabilities; labels [...] of i32 or i64, or [..., C] of
 * floats (one-hot, or probabilities, whose largest counts). Rows whose label is ignore_index do not
 * count. The result is a scalar of the scores' type. A composite; no derivative: a step function.
 */
#include "build.h"
#include "class_index.h"
#include "registry.h"

static yg_node largest(yg_graph *graph, yg_node x) {
    yg_attr attrs[2] = {{.count = 1, .ints = {-1}}, {.i = 0}}; /* dim, keepdim */
    return yg_apply(graph, &yg_op_argmax, &x, 1, attrs);
}

static bool has_shape_without_last(const yg_type *labels, const yg_type *scores) {
    bool fits = labels->rank == scores->rank - 1;
    for (int i = 0; fits && i < labels->rank; i++)
        fits = labels->shape[i] == scores->shape[i];
    return fits;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *scores = &call->operands[0], *labels = &call->operands[1];
    const bool rows = yg_dtype_is_float(labels->dtype);
    const bool fits = rows ? yg_shape_equal(labels, scores)
                           : labels->dtype != YG_BOOL && has_shape_without_last(labels, scores);
    if (!yg_dtype_is_float(scores->dtype) || scores->rank == 0 || !fits) {
        char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "accuracy: label %s does not fit scores %s: it must be class indices (i32 or "
                      "i64) of that shape without the last dimension, or floats of that shape",
                      yg_type_text(labels, a), yg_type_text(scores, b));
        return 0;
    }
    const yg_node label = rows ? largest(graph, operands[1]) : operands[1];
    const yg_node right = yg_equal(graph, largest(graph, operands[0]), label);
    const yg_node hits = yg_cast(graph, right, scores->dtype);
    if (rows) {
        results[0] = yg_mean(graph, hits, NULL, 0, false);
        return 1;
    }
    /* A largest score may be at ignore_index itself, so the hits are masked too. */
    const yg_node counts =
        yg_cast(graph, yg_class_counts(graph, label, call->attrs[0].i), scores->dtype);
    const yg_node sum = yg_sum(graph, yg_multiply(graph, hits, counts), NULL, 0, false);
    results[0] = yg_divide(graph, sum, yg_sum(graph, counts, NULL, 0, false));
    return 1;
}

/* The class of the largest of operand k's elements at `row`. */
static double reference_largest(const yg_reference *r, size_t k, int64_t *row) {
    const yg_type *type = &r->call->operands[k];
    const int last = type->rank - 1;
    int64_t best = 0;
    double highest = 0;
    for (row[last] = 0; row[last] < type->shape[last]; row[last]++) {
        const double value = yg_at(r, k, row);
        if (row[last] == 0 || value > highest) {
            best = row[last];
            highest = value;
        }
    }
    return (double)best;
}

static double reference(const yg_reference *r, const int64_t *index) {
    (void)index;
    yg_type rows = r->call->operands[0];
    rows.rank--;
    int64_t strides[YG_MAX_RANK], row[YG_MAX_RANK];
    yg_type_strides(&rows, strides);
    const int64_t count = yg_type_count(&rows);
    double right = 0, counted = 0;
    for (int64_t i = 0; i < count; i++) {
        for (int d = 0; d < rows.rank; d++)
            row[d] = i / strides[d] % rows.shape[d];
        const bool indices = !yg_dtype_is_float(r->call->operands[1].dtype);
        const double label = indices ? yg_at(r, 1, row) : reference_largest(r, 1, row);
        if (indices && label == (double)r->call->attrs[0].i)
            continue;
        right += reference_largest(r, 0, row) == label;
        counted++;
    }
    return right / counted;
}

static const yg_attr_spec attrs[] = {YG_IGNORE_INDEX_ATTR};
static const yg_attr ignores[] = {{.i = 1}};

static const yg_sample samples[] = {
    {.operands = {"f[9, 3]", "i[9]"}, .attrs = ignores},
    {.operands = {"f[9, 3]", "i[9]"}},
    {.operands = {"f[4, 3, 3]", "i[4, 3]"}},
    {.operands = {"f[9, 3]", "f[9, 3]"}},
    {.operands = {"f[3]", "i[]"}},
    {.operands = {"f[0, 3]", "i[0]"}},
};

const yg_op yg_op_accuracy = {
    .name = "accuracy",
    .formula = "y = mean(argmax(scores) = label)",
    .doc = "The fraction of rows whose largest score is at the label: a class index, or the "
           "largest of a row of probabilities. Of equal scores the first counts.",
    .group = "metric",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"scores", "label"},
    .attrs = attrs,
    .attr_count = 1,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .compose = compose,
    .reference = reference,
    .domain = {{0, 0}, {0, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
