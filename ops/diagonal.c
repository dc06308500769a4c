/*
 * diagonal: y[…, i] = x[…, i at dim1, i + offset at dim2, …]; the two dimensions become one, at the
 * end.
 *
 * A composite: with the two dimensions as one, [n, m] as [n · m], the diagonal is a slice with
 * steps of m + 1.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

enum { OFFSET, DIM1, DIM2 };

/* How many elements diagonal `offset` of a matrix [n, m] has. */
static int64_t length_of(int64_t n, int64_t m, int64_t offset) {
    if (offset >= m || offset <= -n)
        return 0;
    const int64_t high = offset < 0 ? n + offset : n, wide = offset > 0 ? m - offset : m;
    return high < wide ? high : wide;
}

static bool read_dims(yg_graph *graph, const yg_infer *call, int *row, int *column) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (!yg_compose_dim(graph, call, call->attrs[DIM1].i, x->rank, row) ||
        !yg_compose_dim(graph, call, call->attrs[DIM2].i, x->rank, column))
        return false;
    if (*row == *column)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "diagonal: of %s, dim1 and dim2 are both dimension %d", yg_type_text(x, text),
                      *row);
    return *row != *column;
}

/* Makes `row` and `column` neighbours by a permutation, the last two dimensions, unless they are.
 */
static yg_node neighbours(yg_graph *graph, yg_node x, int *row, int *column) {
    const int rank = yg_node_type(graph, x)->rank;
    if (*row - *column == 1 || *column - *row == 1)
        return x;
    int64_t order[YG_MAX_RANK];
    int used = 0;
    for (int d = 0; d < rank; d++)
        if (d != *row && d != *column)
            order[used++] = d;
    order[rank - 2] = *row;
    order[rank - 1] = *column;
    *row = rank - 2;
    *column = rank - 1;
    return yg_permute(graph, x, order);
}

/* x with the dimension `dim` at the end. */
static yg_node move_to_end(yg_graph *graph, yg_node x, int dim) {
    const int rank = x == YG_NONE ? 0 : yg_node_type(graph, x)->rank;
    int64_t order[YG_MAX_RANK];
    for (int d = 0; d < rank; d++)
        order[d] = d < dim ? d : d < rank - 1 ? d + 1 : dim;
    return dim >= rank - 1 ? x : yg_permute(graph, x, order);
}

/* The slice comes before what moves its dimension to the end: it is small, and x need not be
 * moved. */
static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    int row, column;
    if (!read_dims(graph, call, &row, &column))
        return 0;
    const yg_node x = neighbours(graph, operands[0], &row, &column);
    if (x == YG_NONE)
        return 0;
    const yg_type *type = yg_node_type(graph, x);
    const int dim = row < column ? row : column;
    const int64_t n = type->shape[dim], m = type->shape[dim + 1];
    const int64_t given = call->attrs[OFFSET].i, offset = row < column ? given : -given;
    const int64_t length = length_of(n, m, offset);
    yg_type merged = {.dtype = type->dtype, .rank = type->rank - 1};
    int64_t start[YG_MAX_RANK] = {0}, stop[YG_MAX_RANK], step[YG_MAX_RANK];
    for (int d = 0; d < merged.rank; d++) {
        merged.shape[d] = type->shape[d <= dim ? d : d + 1];
        stop[d] = merged.shape[d];
        step[d] = 1;
    }
    merged.shape[dim] = n * m; /* x has that many elements, or an empty dimension */
    start[dim] = length == 0 ? 0 : offset < 0 ? -offset * m : offset;
    stop[dim] = length == 0 ? 0 : start[dim] + (length - 1) * (m + 1) + 1;
    step[dim] = m + 1;
    const yg_node flat = yg_reshape(graph, x, &merged);
    results[0] = move_to_end(graph, yg_slice(graph, flat, start, stop, step), dim);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const int64_t offset = r->call->attrs[OFFSET].i;
    int row = 0, column = 0, used = 0;
    yg_dimension(r->call->attrs[DIM1].i, x->rank, &row);
    yg_dimension(r->call->attrs[DIM2].i, x->rank, &column);
    const int64_t along = index[x->rank - 2];
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = d == row      ? along + (offset < 0 ? -offset : 0)
                : d == column ? along + (offset > 0 ? offset : 0)
                              : index[used++];
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    [OFFSET] = {.name = "offset",
                .kind = YG_ATTR_INT,
                .min = -9e18,
                .max = 9e18,
                .doc = "which diagonal: 0 is the main one, 1 the next above it"},
    [DIM1] = {.name = "dim1",
              .kind = YG_ATTR_INT,
              .min = -YG_MAX_RANK,
              .max = YG_MAX_RANK - 1,
              .doc = "the dimension that counts rows"},
    [DIM2] = {.name = "dim2",
              .kind = YG_ATTR_INT,
              .fallback = {.i = 1},
              .min = -YG_MAX_RANK,
              .max = YG_MAX_RANK - 1,
              .doc = "the dimension that counts columns"},
};

static const yg_sample samples[] = {
    {{"f[3, 3]"}, NULL},
    {{"f[3, 4]"}, (const yg_attr[]){{.i = 2}, {.i = 0}, {.i = 1}}},
    {{"f[4, 3]"}, (const yg_attr[]){{.i = -2}, {.i = 0}, {.i = 1}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.i = 1}, {.i = -1}, {.i = 0}}},
    {{"f[3, 2, 3]"}, (const yg_attr[]){{.i = 0}, {.i = 0}, {.i = 2}}},
    {{"f[2, 2]"}, (const yg_attr[]){{.i = 7}, {.i = 0}, {.i = 1}}},
    {{"f[0, 3]"}, NULL},
    {{"i[2, 2]"}, NULL},
};

const yg_op yg_op_diagonal = {
    .name = "diagonal",
    .formula = "y[…, i] = x[i, i + offset, …]",
    .doc = "A diagonal of a matrix, or of each matrix of a batch; the result's last dimension "
           "counts along it.",
    .group = "linear algebra",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
