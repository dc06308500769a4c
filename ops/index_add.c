/*
 * index_add: y = x, and y[…, index[i], …] += src[…, i, …] along dimension `dim`.
 *
 * x [a…, n, b…], index [m] of integers, src [a…, m, b…] → y [a…, n, b…]. The transpose of
 * index_select. Terms are added in the order of the index. The kernel may write over x.
 * vjp: dx = dy, dsrc = index_select(dy, index).
 */
#include "add_rows.h"
#include "build.h"
#include "index_walk.h"
#include "registry.h"

#include <string.h>

enum { X, INDEX, SRC };

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[X], *index = &call->operands[INDEX];
    const yg_type *src = &call->operands[SRC];
    int dim;
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT], c[YG_TYPE_TEXT];
    if (!yg_shape_need_index(call, INDEX, error) ||
        !yg_shape_dim(call, call->attrs[0].i, x->rank, &dim, error))
        return false;
    if (x->dtype != src->dtype)
        return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                       "index_add: x is %s and src is %s; cast one of them", yg_type_text(x, a),
                       yg_type_text(src, c));
    bool fits = x->rank > 0 && index->rank == 1 && src->rank == x->rank;
    for (int d = 0; fits && d < x->rank; d++)
        fits = src->shape[d] == (d == dim ? index->shape[0] : x->shape[d]);
    if (!fits)
        return yg_fail(
            error, YG_ERROR_SHAPE, call->origin,
            "index_add: x %s, index %s and src %s do not fit: the index is a vector, and "
            "src has x's shape with the size of the index in dimension %d",
            yg_type_text(x, a), yg_type_text(index, b), yg_type_text(src, c), dim);
    *result = *x;
    return true;
}

/* A unit of work is one index into the dimensions before `dim`. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[0].i, results->rank, &dim);
    plan->units = plan->rows = yg_shape_product(results->shape, 0, dim);
    plan->whole = 1 << INDEX;
    plan->flops = (double)yg_type_count(&call->operands[SRC]);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const yg_type *y = call->out_type;
    int dim = 0;
    yg_dimension(call->attrs[0].i, y->rank, &dim);
    const int64_t size = y->shape[dim], count = call->in_types[INDEX]->shape[0];
    const int64_t inner = yg_shape_product(y->shape, dim + 1, y->rank);
    const size_t element = yg_dtype_size(y->dtype), block = (size_t)(size * inner) * element;
    if (!yg_index_check(call, "index_add", INDEX, 0, count, size, error))
        return false;
    char *out = (char *)call->out + (size_t)call->begin * block;
    const char *src = (const char *)call->in[SRC] + (size_t)(call->begin * count * inner) * element;
    const size_t bytes = (size_t)(call->end - call->begin) * block;
    if (call->out != call->in[X] && bytes > 0)
        memcpy(out, (const char *)call->in[X] + (size_t)call->begin * block, bytes);
    const yg_row_sum sum = {.dtype = y->dtype,
                            .index_type = call->in_types[INDEX]->dtype,
                            .width = inner,
                            .to_row = inner,
                            .from_row = inner,
                            .index = call->in[INDEX],
                            .count = count};
    for (int64_t o = call->begin; o < call->end; o++, out += block) {
        yg_add_rows(&sum, out, src);
        src += (size_t)(count * inner) * element;
    }
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    if (k == X)
        return dy;
    const yg_node operands[] = {dy, yg_node_operand(graph, y, INDEX)};
    return yg_apply(graph, &yg_op_index_select, operands, 2, yg_node_attrs(graph, y));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[X];
    int dim = 0;
    yg_dimension(r->call->attrs[0].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double sum = yg_at(r, X, index);
    for (at[dim] = 0; at[dim] < r->call->operands[INDEX].shape[0]; at[dim]++)
        if ((int64_t)yg_at(r, INDEX, &at[dim]) == index[dim])
            sum += yg_at(r, SRC, at);
    return sum;
}

static const yg_attr first[] = {{.i = 0}}, second[] = {{.i = 1}}, last[] = {{.i = -1}};

/* The tests draw indices from 0 to 2: see `domain`. */
static const yg_sample samples[] = {
    {{"f[4]", "i[5]", "f[5]"}, first},       {{"f[3, 4]", "i[5]", "f[5, 4]"}, first},
    {{"f[2, 3]", "i[4]", "f[2, 4]"}, last},  {{"f[2, 3, 2]", "i[5]", "f[2, 5, 2]"}, second},
    {{"f[3, 2]", "i[0]", "f[0, 2]"}, first}, {{"i[3, 2]", "i[4]", "i[4, 2]"}, first},
};

const yg_op yg_op_index_add = {
    .name = "index_add",
    .formula = "y = x; y[…, index[i], …] += src[…, i, …] along dim",
    .doc = "Adds the parts of src to those of x that a vector of indices names, in order, as "
           "torch.index_add. An index that is not there stops the run.",
    .group = "indexing",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"x", "index", "src"},
    .attrs = yg_index_walk_dim,
    .attr_count = 1,
    .flags = YG_OP_IN_PLACE,
    .infer = infer,
    .kernel = {[YG_I32] = kernel, [YG_I64] = kernel, [YG_F32] = kernel, [YG_F64] = kernel},
    .plan = plan,
    .vjp = vjp,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}, {-2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
