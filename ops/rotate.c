/*
 * rotate: y[…, (i + shift) mod n, …] = x[…, i, …] along dimension `dim`, 0 < shift < n.
 *
 * What roll does along one dimension: each row is copied in two parts. In plainer operators it
 * takes two passes, because slices that are not the first dimension's are copied before they are
 * joined. vjp: dx = dy, rotated by n - shift.
 */
#include "build.h"
#include "copy.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>

enum { DIM, SHIFT }; /* attributes */

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    const int64_t shift = call->attrs[SHIFT].i;
    int dim;
    char text[YG_TYPE_TEXT];
    if (!yg_shape_dim(call, call->attrs[DIM].i, x->rank, &dim, error))
        return false;
    if (x->rank == 0 || shift < 1 || shift >= x->shape[dim])
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "rotate: cannot rotate dimension %d of %s by %" PRId64, dim,
                       yg_type_text(x, text), shift);
    *result = *x;
    return true;
}

/* A unit of work is one index into the dimensions before `dim`. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[DIM].i, results->rank, &dim);
    plan->units = plan->rows = yg_shape_product(results->shape, 0, dim);
}

/* The elements that stay in order are copied as a box, those that come in at the other end as a
 * second one: for some rows at a time, so that the second box finds them in the cache. */
static bool kernel(const yg_kernel_call *call, yg_error *error) {
    enum { NEAR = 32 * 1024 };
    const yg_type *y = call->out_type;
    int dim = 0;
    (void)error;
    yg_dimension(call->attrs[DIM].i, y->rank, &dim);
    const size_t element = yg_dtype_size(y->dtype);
    const int64_t step = yg_shape_product(y->shape, dim + 1, y->rank);
    const int64_t row = y->shape[dim] * step, moved = call->attrs[SHIFT].i * step;
    const int64_t row_bytes = row * (int64_t)element;
    const int64_t most = row_bytes < NEAR ? NEAR / (row_bytes > 0 ? row_bytes : 1) : 1;
    yg_box box = {.rank = 2, .to_stride = {row, 1}, .from_stride = {row, 1}};
    for (int64_t o = call->begin; o < call->end; o += box.size[0]) {
        char *out = (char *)call->out + o * row_bytes;
        const char *x = (const char *)call->in[0] + o * row_bytes;
        box.size[0] = call->end - o < most ? call->end - o : most;
        box.size[1] = moved;
        yg_copy_box(&box, element, out, x + (row - moved) * (int64_t)element);
        box.size[1] = row - moved;
        yg_copy_box(&box, element, out + moved * (int64_t)element, x);
    }
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_attr *attrs = yg_node_attrs(graph, y);
    const yg_type *type = yg_node_type(graph, y);
    int dim = 0;
    yg_dimension(attrs[DIM].i, type->rank, &dim);
    const yg_attr back[] = {{.i = dim}, {.i = type->shape[dim] - attrs[SHIFT].i}};
    return yg_apply(graph, &yg_op_rotate, &dy, 1, back);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type *x = &call->operands[0];
    int dim = 0;
    yg_dimension(call->attrs[DIM].i, x->rank, &dim);
    const int64_t size = x->shape[dim], cut = size - call->attrs[SHIFT].i;
    const yg_node parts[] = {yg_slice_along(graph, operands[0], dim, cut, size),
                             yg_slice_along(graph, operands[0], dim, 0, cut)};
    results[0] = yg_concat(graph, parts, 2, dim);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    int64_t at[YG_MAX_RANK] = {0};
    int dim = 0;
    yg_dimension(r->call->attrs[DIM].i, x->rank, &dim);
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    at[dim] = (at[dim] + x->shape[dim] - r->call->attrs[SHIFT].i) % x->shape[dim];
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .required = true,
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension to rotate"},
    [SHIFT] = {.name = "shift",
               .kind = YG_ATTR_INT,
               .required = true,
               .doc = "by how many places, fewer than the dimension has"},
};

static const yg_sample samples[] = {
    {{"f[5]"}, (const yg_attr[]){{.i = 0}, {.i = 2}}},
    {{"f[3, 4]"}, (const yg_attr[]){{.i = -1}, {.i = 1}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.i = 1}, {.i = 2}}},
    {{"f[0, 2]"}, (const yg_attr[]){{.i = 1}, {.i = 1}}},
    {{"i[4, 3]"}, (const yg_attr[]){{.i = 0}, {.i = 3}}},
    {{"b[2, 7]"}, (const yg_attr[]){{.i = 1}, {.i = 3}}},
};

const yg_op yg_op_rotate = {
    .name = "rotate",
    .formula = "y[…, (i + shift) mod n, …] = x[…, i, …] along dim",
    .doc = "Moves the elements along one dimension; those that fall out at the end come in at the "
           "start.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_BOOL] = kernel,
               [YG_I32] = kernel,
               [YG_I64] = kernel,
               [YG_F32] = kernel,
               [YG_F64] = kernel},
    .plan = plan,
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
