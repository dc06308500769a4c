/*
 * One class index for each row of scores: see class_index.h.
 */
#include "class_index.h"

#include "build.h"
#include "registry.h"
#include "shape.h"

const yg_attr_spec yg_class_attrs[1] = {YG_IGNORE_INDEX_ATTR};

bool yg_class_infer_rows(const yg_infer *call, yg_type *result, yg_error *error) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    const yg_type *index = &call->operands[0], *scores = &call->operands[1];
    if (!yg_shape_need_index(call, 0, error))
        return false;
    bool fits = scores->rank == index->rank + 1;
    for (int i = 0; fits && i < index->rank; i++)
        fits = scores->shape[i] == index->shape[i];
    if (!fits)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s: class indices %s do not fit %s, which must have their shape and one "
                       "more dimension, the classes",
                       call->op->name, yg_type_text(index, a), yg_type_text(scores, b));
    *result = yg_type_with_dtype(index, scores->dtype);
    return true;
}

bool yg_class_infer_scores(const yg_infer *call, yg_type *result, yg_error *error) {
    if (!yg_class_infer_rows(call, result, error))
        return false;
    *result = call->operands[1];
    return true;
}

void yg_class_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    plan->units = plan->rows = yg_type_count(&call->operands[0]);
    plan->flops = 5 * (double)yg_type_count(&call->operands[1]);
}

bool yg_class_read(const yg_kernel_call *call, int64_t row, int64_t *class_index, yg_error *error) {
    const yg_type *index = call->in_types[0], *scores = call->in_types[1];
    const int64_t classes = scores->shape[scores->rank - 1];
    const int64_t value = index->dtype == YG_I32 ? ((const int32_t *)call->in[0])[row]
                                                 : ((const int64_t *)call->in[0])[row];
    const bool is_ignored = value == call->attrs[0].i;
    *class_index = is_ignored ? -1 : value;
    return is_ignored || (value >= 0 && value < classes) ||
           yg_index_read(call, "a score for each class is needed; target", 0, row, classes,
                         class_index, error);
}

yg_node yg_class_counts(yg_graph *graph, yg_node index, int64_t ignore_index) {
    if (index == YG_NONE)
        return YG_NONE;
    const yg_dtype dtype = yg_node_type(graph, index)->dtype;
    return yg_not_equal(graph, index, yg_scalar(graph, dtype, (double)ignore_index));
}

yg_node yg_class_column(yg_graph *graph, yg_node rows) {
    if (rows == YG_NONE)
        return YG_NONE;
    yg_type column = *yg_node_type(graph, rows);
    column.shape[column.rank++] = 1; /* not above YG_MAX_RANK: the scores have that rank */
    return yg_reshape(graph, rows, &column);
}

yg_node yg_class_one_hot(yg_graph *graph, yg_node index, const yg_type *scores,
                         int64_t ignore_index) {
    if (index == YG_NONE)
        return YG_NONE;
    const yg_node zero = yg_scalar(graph, yg_node_type(graph, index)->dtype, 0);
    const yg_node counts = yg_class_counts(graph, index, ignore_index);
    /* one_hot fails on ignore_index, so an ignored row takes class 0 first. */
    const yg_node known = yg_where(graph, counts, index, zero);
    yg_attr attrs[2] = {{.i = scores->shape[scores->rank - 1]}, {.i = scores->dtype}};
    const yg_node one_hot = yg_apply(graph, &yg_op_one_hot, &known, 1, attrs);
    return yg_multiply(graph, one_hot,
                       yg_class_column(graph, yg_cast(graph, counts, scores->dtype)));
}

int64_t yg_class_reference(const yg_reference *reference, const int64_t *index) {
    const int64_t class_index = (int64_t)yg_at(reference, 0, index);
    return class_index == reference->call->attrs[0].i ? -1 : class_index;
}

static const yg_attr ignore_two[] = {{.i = 2}};

const yg_sample yg_class_samples[5] = {
    {.operands = {"i[4]", "f[4, 5]"}},
    {.operands = {"i[4, 3]", "f[4, 3, 5]"}},
    {.operands = {"i[8]", "f[8, 5]"}, .attrs = ignore_two},
    {.operands = {"i[]", "f[5]"}},
    {.operands = {"i[0]", "f[0, 5]"}},
};
