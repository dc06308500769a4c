/*
 * gather: y[i, j, …] = x[i, …, index[i, j, …], …], with the index in place of dimension `dim`.
 *
 * x and index have the same number of dimensions. The result has the shape of the index, which must
 * not be larger than x in the dimensions other than `dim`.
 * vjp: dx = dy, each element added at the place that y was read from (scatter_add).
 */
#include "build.h"
#include "registry.h"
#include "shape.h"
#include "strides.h"

#include <string.h>

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0], *index = &call->operands[1];
    int dim;
    if (!yg_shape_need_index(call, 1, error) ||
        !yg_shape_dim(call, call->attrs[0].i, x->rank, &dim, error))
        return false;
    bool fits = x->rank == index->rank;
    for (int d = 0; fits && d < x->rank; d++)
        fits = d == dim || index->shape[d] <= x->shape[d];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!fits)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "gather: index %s does not fit x %s: it needs the same rank, and may be "
                       "larger in dimension %d only",
                       yg_type_text(index, a), yg_type_text(x, b), dim);
    return yg_type_make(x->dtype, index->rank, index->shape, result, error);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const yg_type *x = call->in_types[0], *index = call->in_types[1];
    int dim = 0;
    yg_dimension(call->attrs[0].i, x->rank, &dim);
    int64_t strides[YG_MAX_RANK];
    yg_type_strides(x, strides);
    const int64_t limit = x->rank == 0 ? 1 : x->shape[dim];
    const int64_t stride = x->rank == 0 ? 0 : strides[dim];
    strides[dim] = 0; /* the position along `dim` comes from the index */

    const size_t element = yg_dtype_size(x->dtype);
    const int64_t count = yg_type_count(index);
    int64_t at[YG_MAX_RANK] = {0}, offset = 0;
    char *out = call->out;
    for (int64_t i = 0; i < count; i++) {
        int64_t chosen;
        if (!yg_index_read(call, "gather", 1, i, limit, &chosen, error))
            return false;
        memcpy(out + (size_t)i * element,
               (const char *)call->in[0] + (size_t)(offset + chosen * stride) * element, element);
        offset = yg_strides_next(index->rank, index->shape, strides, at, offset);
    }
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k; /* always that of x: the index is an integer tensor and has no cotangent */
    const yg_type *x = yg_node_type(graph, yg_node_operand(graph, y, 0));
    const yg_node operands[] = {dy, yg_node_operand(graph, y, 1)};
    yg_attr attrs[2] = {yg_node_attrs(graph, y)[0], {.count = x->rank}};
    memcpy(attrs[1].ints, x->shape, sizeof x->shape);
    return yg_apply(graph, &yg_op_scatter_add, operands, 2, attrs);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int rank = r->out_type->rank;
    const int64_t given = r->call->attrs[0].i;
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < rank; d++)
        at[d] = index[d];
    if (rank > 0)
        at[given < 0 ? given + rank : given] = (int64_t)yg_at(r, 1, index);
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension that the index counts along"},
};

/* The tests draw indices from 0 to 2: see `domain`. */
static const yg_sample samples[] = {
    {{"f[3]", "i[5]"}, (const yg_attr[]){{.i = 0}}},
    {{"f[3, 4]", "i[2, 4]"}, (const yg_attr[]){{.i = 0}}},
    {{"f[2, 3]", "i[2, 6]"}, (const yg_attr[]){{.i = -1}}},
    {{"f[2, 4, 3]", "i[1, 5, 2]"}, (const yg_attr[]){{.i = 1}}},
    {{"f[3, 2]", "i[0, 2]"}, (const yg_attr[]){{.i = 0}}},
};

const yg_op yg_op_gather = {
    .name = "gather",
    .formula = "y[i, j] = x[index[i, j], j] for dim = 0, x[i, index[i, j]] for dim = 1, …",
    .doc = "Picks elements along a dimension, as torch.gather. An index that is not there stops "
           "the run; negative ones are not counted from the end.",
    .group = "indexing",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "index"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .infer = infer,
    .kernel = {[YG_I32] = kernel, [YG_I64] = kernel},
    .vjp = vjp,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
