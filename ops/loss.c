/*
 * The common code of losses: see loss.h.
 */
#include "loss.h"

#include "build.h"

const char *const yg_reductions[] = {
    [YG_REDUCTION_MEAN] = "mean",
    [YG_REDUCTION_SUM] = "sum",
    [YG_REDUCTION_NONE] = "none",
    [YG_REDUCTION_BATCHMEAN] = "batchmean",
    NULL,
};

const yg_attr_spec yg_loss_attrs[1] = {YG_REDUCTION_ATTR};

static bool check_float(yg_graph *graph, const yg_infer *call) {
    char text[YG_TYPE_TEXT];
    if (yg_dtype_is_float(call->operands[0].dtype))
        return true;
    yg_graph_fail(graph, YG_ERROR_DTYPE, "%s: %s must be a float tensor, not %s", call->op->name,
                  call->op->operand_names[0], yg_type_text(&call->operands[0], text));
    return false;
}

static bool check_shape(yg_graph *graph, const yg_infer *call, size_t k) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    const yg_type *first = &call->operands[0], *other = &call->operands[k];
    const char *const *names = call->op->operand_names;
    if (yg_shape_equal(first, other))
        return true;
    yg_graph_fail(
        graph, YG_ERROR_SHAPE, "%s: %s is %s but %s is %s; losses need equal shapes (reshape one)",
        call->op->name, names[0], yg_type_text(first, a), names[k], yg_type_text(other, b));
    return false;
}

bool yg_loss_check(yg_graph *graph, const yg_infer *call) {
    return check_float(graph, call) && check_shape(graph, call, 1);
}

bool yg_loss_check_all(yg_graph *graph, const yg_infer *call) {
    for (size_t k = 1; k < call->operand_count; k++) {
        if (!check_float(graph, call) || !check_shape(graph, call, k))
            return false;
    }
    return true;
}

yg_node yg_loss_reduce(yg_graph *graph, yg_node elements, int64_t reduction) {
    if (elements == YG_NONE || reduction == YG_REDUCTION_NONE)
        return elements;
    const yg_type type = *yg_node_type(graph, elements);
    const yg_node sum = yg_sum(graph, elements, NULL, 0, false);
    if (reduction == YG_REDUCTION_SUM)
        return sum;
    if (reduction == YG_REDUCTION_MEAN)
        return yg_scale(graph, sum, 1 / (double)yg_type_count(&type));
    if (type.rank == 0)
        return yg_graph_fail(graph, YG_ERROR_SHAPE,
                             "reduction batchmean divides by the size of dimension 0, but the "
                             "loss before it is a scalar");
    return yg_scale(graph, sum, 1 / (double)type.shape[0]);
}

double yg_loss_reference(const yg_reference *reference, const int64_t *index,
                         double (*element)(const yg_reference *, const int64_t *)) {
    const int64_t reduction = reference->call->attrs[0].i;
    if (reduction == YG_REDUCTION_NONE)
        return element(reference, index);
    const yg_type *type = &reference->call->operands[0];
    int64_t strides[YG_MAX_RANK], at[YG_MAX_RANK];
    yg_type_strides(type, strides);
    const int64_t count = yg_type_count(type);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        for (int d = 0; d < type->rank; d++)
            at[d] = i / strides[d] % type->shape[d];
        sum += element(reference, at);
    }
    if (reduction == YG_REDUCTION_MEAN)
        return sum / (double)count;
    return reduction == YG_REDUCTION_SUM ? sum : sum / (double)type->shape[0];
}

double yg_loss_reference_rows(const yg_reference *reference, const int64_t *index, int64_t rows,
                              double (*row)(const yg_reference *, int64_t)) {
    const int64_t reduction = reference->call->attrs[0].i;
    if (reduction == YG_REDUCTION_NONE)
        return row(reference, reference->out_type->rank > 0 ? index[0] : 0);
    double sum = 0;
    for (int64_t n = 0; n < rows; n++)
        sum += row(reference, n);
    return reduction == YG_REDUCTION_SUM ? sum : sum / (double)rows;
}

static const yg_attr sum[] = {{.i = YG_REDUCTION_SUM}}, none[] = {{.i = YG_REDUCTION_NONE}},
                     batchmean[] = {{.i = YG_REDUCTION_BATCHMEAN}};

const yg_sample yg_loss_samples[7] = {
    {.operands = {"f[4, 3]", "f[4, 3]"}},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = sum},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = none},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = batchmean},
    {.operands = {"f[2, 3, 5]", "f[2, 3, 5]"}, .attrs = batchmean},
    {.operands = {"f[]", "f[]"}},
    {.operands = {"f[0, 3]", "f[0, 3]"}, .attrs = sum},
};
