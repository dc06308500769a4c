/*
 * embedding_gradient: y[r, :] = Σ x[i, …, :] over all i, … with index[i, …] = r.
 *
 * index [i, …] of integers, x [i, …, d] → y [rows, d]. The transpose of embedding. Terms are added
 * in the order of the index. vjp: dx = embedding(index, dy).
 */
#include "add_rows.h"
#include "build.h"
#include "index_walk.h"
#include "registry.h"
#include "shape.h"

#include <string.h>

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *index = &call->operands[0], *x = &call->operands[1];
    if (!yg_shape_need_index(call, 0, error))
        return false;
    bool fits = x->rank == index->rank + 1;
    for (int d = 0; fits && d < index->rank; d++)
        fits = x->shape[d] == index->shape[d];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!fits)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "embedding_gradient: index %s and x %s do not fit together",
                       yg_type_text(index, a), yg_type_text(x, b));
    const int64_t shape[2] = {call->attrs[0].i, x->shape[x->rank - 1]};
    return yg_type_make(x->dtype, 2, shape, result, error);
}

/* A unit of work is so many columns of the result: a cache line of f32. Each reads all of the
 * index, and adds the terms in the same order as any other. */
enum { COLUMNS = 16 };

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = results->shape[1] / COLUMNS + (results->shape[1] % COLUMNS != 0);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const yg_type *y = call->out_type;
    const int64_t width = y->shape[1], first = call->begin * COLUMNS;
    const int64_t end = call->end * COLUMNS, last = end < width ? end : width;
    const int64_t count = yg_type_count(call->in_types[0]);
    const size_t element = yg_dtype_size(y->dtype), skipped = (size_t)first * element;
    if (!yg_index_check(call, "embedding_gradient", 0, 0, count, y->shape[0], error))
        return false;
    for (int64_t row = 0; row < y->shape[0] && first < last; row++)
        memset((char *)call->out + (size_t)(row * width) * element + skipped, 0,
               (size_t)(last - first) * element);
    const yg_row_sum sum = {.dtype = y->dtype,
                            .index_type = call->in_types[0]->dtype,
                            .width = last - first,
                            .to_row = width,
                            .from_row = width,
                            .index = call->in[0],
                            .count = first < last ? count : 0};
    yg_add_rows(&sum, (char *)call->out + skipped, (const char *)call->in[1] + skipped);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k; /* always that of x: the index is an integer tensor and has no cotangent */
    const yg_node operands[] = {yg_node_operand(graph, y, 0), dy};
    return yg_apply(graph, &yg_op_embedding, operands, 2, NULL);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *from = &r->call->operands[0];
    const int64_t count = yg_type_count(from);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK], rest = i;
        for (int d = from->rank; d-- > 0;) {
            at[d] = rest % from->shape[d];
            rest /= from->shape[d];
        }
        at[from->rank] = index[1];
        if ((int64_t)yg_at(r, 0, at) == index[0])
            sum += yg_at(r, 1, at);
    }
    return sum;
}

static const yg_attr_spec attrs[] = {
    {.name = "rows",
     .kind = YG_ATTR_INT,
     .required = true,
     .max = (double)INT64_MAX,
     .doc = "how many rows the result has"},
};

/* The tests draw indices from 0 to 3: see `domain`. */
static const yg_sample samples[] = {
    {{"i[5]", "f[5, 3]"}, (const yg_attr[]){{.i = 4}}},
    {{"i[2, 3]", "f[2, 3, 2]"}, (const yg_attr[]){{.i = 5}}},
    {{"i[]", "f[3]"}, (const yg_attr[]){{.i = 4}}},
    {{"i[3]", "f[3, 35]"}, (const yg_attr[]){{.i = 4}}}, /* several units, the last one narrow */
    {{"i[0]", "f[0, 3]"}, (const yg_attr[]){{.i = 4}}},
};

const yg_op yg_op_embedding_gradient = {
    .name = "embedding_gradient",
    .formula = "y[r, :] = Σ x[i, …, :] where index[i, …] = r",
    .doc = "Adds rows up where the index says: embedding's gradient.",
    .group = "indexing",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"index", "x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_F32] = kernel, [YG_F64] = kernel},
    .plan = plan,
    .vjp = vjp,
    .reference = reference,
    .domain = {{0, 3}, {-2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
