/*
 * scatter_add: y[i, …, index[i, j, …], …] = Σ x[i, j, …], zero elsewhere. y has the attribute
 * `shape` as its shape; the index takes the place of dimension `dim`.
 *
 * The transpose of gather. Terms are added in row-major order of x. vjp: dx = gather(dy, index).
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
        !yg_shape_dim(call, call->attrs[0].i, x->rank, &dim, error) ||
        !yg_type_make(x->dtype, (int)call->attrs[1].count, call->attrs[1].ints, result, error))
        return false;
    bool fits = yg_shape_equal(x, index) && result->rank == x->rank;
    for (int d = 0; fits && d < x->rank; d++)
        fits = d == dim || x->shape[d] <= result->shape[d];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT], c[YG_TYPE_TEXT];
    if (!fits)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "scatter_add: x %s, index %s and shape %s do not fit together",
                       yg_type_text(x, a), yg_type_text(index, b), yg_shape_text(result, c));
    if (!yg_dtype_is_float(x->dtype))
        return yg_fail(error, YG_ERROR_DTYPE, call->origin, "scatter_add does not take %s tensors",
                       yg_dtype_name(x->dtype));
    return true;
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const yg_type *x = call->in_types[0], *y = call->out_type;
    int dim = 0;
    yg_dimension(call->attrs[0].i, y->rank, &dim);
    int64_t strides[YG_MAX_RANK];
    yg_type_strides(y, strides);
    const int64_t limit = y->rank == 0 ? 1 : y->shape[dim];
    const int64_t stride = y->rank == 0 ? 0 : strides[dim];
    strides[dim] = 0; /* the position along `dim` comes from the index */

    memset(call->out, 0, (size_t)yg_type_bytes(y));
    const int64_t count = yg_type_count(x);
    int64_t at[YG_MAX_RANK] = {0}, offset = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t chosen;
        if (!yg_index_read(call, "scatter_add", 1, i, limit, &chosen, error))
            return false;
        const int64_t to = offset + chosen * stride;
        if (y->dtype == YG_F32)
            ((float *)call->out)[to] += ((const float *)call->in[0])[i];
        else
            ((double *)call->out)[to] += ((const double *)call->in[0])[i];
        offset = yg_strides_next(x->rank, x->shape, strides, at, offset);
    }
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k; /* always that of x: the index is an integer tensor and has no cotangent */
    const yg_node operands[] = {dy, yg_node_operand(graph, y, 1)};
    return yg_apply(graph, &yg_op_gather, operands, 2, yg_node_attrs(graph, y));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const int64_t given = r->call->attrs[0].i;
    const int64_t dim = given < 0 ? given + x->rank : given;
    int64_t at[YG_MAX_RANK];
    for (int d = 0; d < x->rank; d++) {
        at[d] = index[d];
        if (d != dim && index[d] >= x->shape[d])
            return 0;
    }
    double sum = 0;
    for (at[dim] = 0; at[dim] < x->shape[dim]; at[dim]++)
        if ((int64_t)yg_at(r, 1, at) == index[dim])
            sum += yg_at(r, 0, at);
    return sum;
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension that the index counts along"},
    {.name = "shape",
     .kind = YG_ATTR_INTS,
     .required = true,
     .max = (double)INT64_MAX,
     .doc = "the shape of the result"},
};

/* The tests draw indices from 0 to 2: see `domain`. */
static const yg_sample samples[] = {
    {{"f[5]", "i[5]"}, (const yg_attr[]){{.i = 0}, {.count = 1, .ints = {3}}}},
    {{"f[2, 4]", "i[2, 4]"}, (const yg_attr[]){{.i = 0}, {.count = 2, .ints = {3, 5}}}},
    {{"f[2, 6]", "i[2, 6]"}, (const yg_attr[]){{.i = -1}, {.count = 2, .ints = {2, 3}}}},
    {{"f[0, 2]", "i[0, 2]"}, (const yg_attr[]){{.i = 0}, {.count = 2, .ints = {3, 2}}}},
};

const yg_op yg_op_scatter_add = {
    .name = "scatter_add",
    .formula = "y[index[i, j], j] += x[i, j] for dim = 0, …",
    .doc = "Adds x's elements up where the index says: gather's gradient.",
    .group = "indexing",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "index"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_I32] = kernel, [YG_I64] = kernel},
    .vjp = vjp,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
