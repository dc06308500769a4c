/*
 * Means by column: see column_mean.h.
 */
#include "column_mean.h"

#include "build.h"
#include "class_index.h"
#include "loss.h"

static bool fits(const yg_type *rows, const yg_type *weight) {
    const int rank = rows->rank < 2 ? rows->rank : rows->rank - 1;
    bool same = weight->rank == rank;
    for (int d = 0; same && d < rank; d++)
        same = weight->shape[d] == rows->shape[d];
    return same;
}

bool yg_columns_check(yg_graph *graph, const yg_infer *call) {
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_loss_check(graph, call))
        return false;
    if (call->operand_count < 3 || fits(&call->operands[0], &call->operands[2]))
        return true;
    yg_graph_fail(graph, YG_ERROR_SHAPE,
                  "%s: weight is %s, but there must be one for each row of prediction %s",
                  call->op->name, yg_type_text(&call->operands[2], a),
                  yg_type_text(&call->operands[0], b));
    return false;
}

static yg_node sum_rows(yg_graph *graph, yg_node x) {
    int64_t dims[YG_MAX_RANK];
    if (x == YG_NONE)
        return YG_NONE;
    const int rank = yg_node_type(graph, x)->rank, rows = rank < 2 ? rank : rank - 1;
    for (int d = 0; d < rows; d++)
        dims[d] = d;
    return yg_sum(graph, x, dims, (size_t)rows, false);
}

/* The weights, of x's type, with a last dimension of 1 where x has columns. */
static yg_node weights_for(yg_graph *graph, yg_node x, yg_node weight) {
    const yg_type type = *yg_node_type(graph, x);
    const yg_node column = type.rank < 2 ? weight : yg_class_column(graph, weight);
    return yg_cast(graph, column, type.dtype);
}

yg_node yg_column_sums(yg_graph *graph, yg_node x, yg_node weight) {
    if (x == YG_NONE || weight == YG_NONE)
        return sum_rows(graph, x);
    return sum_rows(graph, yg_multiply(graph, x, weights_for(graph, x, weight)));
}

yg_node yg_per_row(yg_graph *graph, yg_node sums, yg_node x, yg_node weight) {
    if (sums == YG_NONE)
        return YG_NONE;
    if (weight != YG_NONE)
        return yg_divide(graph, sums, yg_sum(graph, weights_for(graph, x, weight), NULL, 0, false));
    const double count = (double)yg_type_count(yg_node_type(graph, x)) /
                         (double)yg_type_count(yg_node_type(graph, sums));
    return yg_scale(graph, sums, 1 / count);
}

yg_node yg_column_means(yg_graph *graph, yg_node x, yg_node weight) {
    return yg_per_row(graph, yg_column_sums(graph, x, weight), x, weight);
}

int64_t yg_columns_reference_count(const yg_reference *r) {
    const yg_type *type = &r->call->operands[0];
    return type->rank < 2 ? 1 : type->shape[type->rank - 1];
}

double yg_column_reference(const yg_reference *r, int64_t column,
                           double (*term)(double prediction, double target, double number),
                           double number) {
    yg_type rows = r->call->operands[0];
    int64_t strides[YG_MAX_RANK], at[YG_MAX_RANK];
    double sum = 0, weights = 0;
    if (rows.rank > 1)
        at[--rows.rank] = column;
    yg_type_strides(&rows, strides);
    for (int64_t i = 0; i < yg_type_count(&rows); i++) {
        for (int d = 0; d < rows.rank; d++)
            at[d] = i / strides[d] % rows.shape[d];
        const double weight = r->call->operand_count > 2 ? yg_at(r, 2, at) : 1;
        sum += weight * term(yg_at(r, 0, at), yg_at(r, 1, at), number);
        weights += weight;
    }
    return sum / weights;
}

const yg_sample yg_column_samples[6] = {
    {.operands = {"f[6, 2]", "f[6, 2]"}},         {.operands = {"f[7]", "f[7]"}},
    {.operands = {"f[6, 2]", "f[6, 2]", "f[6]"}}, {.operands = {"f[7]", "f[7]", "f[7]"}},
    {.operands = {"f[3, 2, 2]", "f[3, 2, 2]"}},   {.operands = {"f[5, 1]", "f[5, 1]"}},
};
