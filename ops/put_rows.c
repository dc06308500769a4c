/*
 * put_rows: y = x, and y[index[i, …], :] = rows[i, …, :].
 *
 * x [n, d], index [i, …] of integers, rows [i, …, d] → y [n, d]. Of several rows with the same
 * index the last counts. The kernel may write over x, so an update of a few rows of a large table
 * costs no more than these rows (train/optimizer_rows.c). Its definition is scatter, with an index
 * for each element.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <string.h>

enum { X, INDEX, ROWS };

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[X], *index = &call->operands[INDEX];
    const yg_type *rows = &call->operands[ROWS];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT], c[YG_TYPE_TEXT];
    if (!yg_shape_need_index(call, INDEX, error))
        return false;
    bool fits = x->rank == 2 && x->dtype == rows->dtype && rows->rank == index->rank + 1 &&
                rows->shape[index->rank] == x->shape[1];
    for (int d = 0; fits && d < index->rank; d++)
        fits = rows->shape[d] == index->shape[d];
    if (!fits)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "put_rows: x %s, index %s and rows %s do not fit together",
                       yg_type_text(x, a), yg_type_text(index, b), yg_type_text(rows, c));
    *result = *x;
    return true;
}

/* A unit of work is so many columns of the result: a cache line of f32. A few rows are not worth
 * sharing among threads. */
enum { COLUMNS = 16, SHARED_ELEMENTS = 65536 };

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const int64_t width = results->shape[1], moved = yg_type_count(&call->operands[ROWS]);
    plan->units = moved < SHARED_ELEMENTS ? 1 : width / COLUMNS + (width % COLUMNS != 0);
    plan->flops = (double)moved;
}

/* The columns [begin, end) of a call. */
static bool put(const yg_kernel_call *call, int64_t begin, int64_t end, yg_error *error) {
    const yg_type *y = call->out_type;
    const size_t element = yg_dtype_size(y->dtype), row = (size_t)y->shape[1] * element;
    const size_t bytes = (size_t)(end - begin) * element;
    const int64_t count = yg_type_count(call->in_types[INDEX]);
    char *out = (char *)call->out + (size_t)begin * element;
    const char *x = (const char *)call->in[X] + (size_t)begin * element;
    const char *rows = (const char *)call->in[ROWS] + (size_t)begin * element;
    if (bytes == 0)
        return true;
    for (int64_t r = 0; r < y->shape[0] && call->out != call->in[X]; r++)
        memcpy(out + (size_t)r * row, x + (size_t)r * row, bytes);
    for (int64_t i = 0; i < count; i++) {
        int64_t r;
        if (!yg_index_read(call, "put_rows", INDEX, i, y->shape[0], &r, error))
            return false;
        memcpy(out + (size_t)r * row, rows + (size_t)i * row, bytes);
    }
    return true;
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const int64_t width = call->out_type->shape[1];
    if (yg_type_count(call->in_types[ROWS]) < SHARED_ELEMENTS)
        return put(call, 0, width, error);
    const int64_t end = call->end * COLUMNS;
    return put(call, call->begin * COLUMNS, end < width ? end : width, error);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type *index = &call->operands[INDEX], *x = &call->operands[X];
    const int64_t shape[2] = {yg_type_count(index), x->shape[1]};
    yg_type column = *index, all = *index, rows = *x;
    column.rank = all.rank = rows.rank = 2;
    column.shape[0] = all.shape[0] = rows.shape[0] = shape[0];
    all.shape[1] = rows.shape[1] = shape[1];
    column.shape[1] = 1;
    const yg_node indices = yg_reshape(graph, operands[INDEX], &column);
    const yg_node scattered[] = {operands[X], yg_broadcast(graph, indices, &all),
                                 yg_reshape(graph, operands[ROWS], &rows)};
    const yg_attr dim = {.i = 0};
    results[0] = yg_apply(graph, &yg_op_scatter, scattered, 3, &dim);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *from = &r->call->operands[INDEX];
    double value = yg_at(r, X, index);
    for (int64_t i = 0; i < yg_type_count(from); i++) {
        int64_t at[YG_MAX_RANK], rest = i;
        for (int d = from->rank; d-- > 0;) {
            at[d] = rest % from->shape[d];
            rest /= from->shape[d];
        }
        at[from->rank] = index[1];
        if ((int64_t)yg_at(r, INDEX, at) == index[0])
            value = yg_at(r, ROWS, at);
    }
    return value;
}

/* The tests draw indices from 0 to 3: see `domain`. */
static const yg_sample samples[] = {
    {{"f[4, 3]", "i[5]", "f[5, 3]"}, NULL}, {{"f[6, 2]", "i[2, 3]", "f[2, 3, 2]"}, NULL},
    {{"f[4, 3]", "i[]", "f[3]"}, NULL},     {{"f[4, 3]", "i[0]", "f[0, 3]"}, NULL},
    {{"f[4, 0]", "i[3]", "f[3, 0]"}, NULL},
};

const yg_op yg_op_put_rows = {
    .name = "put_rows",
    .formula = "y = x; y[index[i, …], :] = rows[i, …, :]",
    .doc = "Replaces the rows of a matrix that an index names. Of several rows with the same index "
           "the last counts.",
    .group = "indexing",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"x", "index", "rows"},
    .flags = YG_OP_IN_PLACE | YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .domain = {{-2, 2}, {0, 3}, {-2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
