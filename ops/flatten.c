/*
 * flatten: y is x with dimensions start_dim to end_dim, both included, merged into one.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    int first, last;
    if (!yg_compose_dim(graph, call, call->attrs[0].i, x->rank, &first) ||
        !yg_compose_dim(graph, call, call->attrs[1].i, x->rank, &last))
        return 0;
    char text[YG_TYPE_TEXT];
    if (first > last) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "flatten: start_dim %d comes after end_dim %d of %s", first, last,
                      yg_type_text(x, text));
        return 0;
    }
    yg_type shape = {.dtype = x->dtype};
    for (int d = 0; d < first; d++)
        shape.shape[shape.rank++] = x->shape[d];
    shape.shape[shape.rank++] = x->rank == 0 ? 1 : yg_shape_product(x->shape, first, last + 1);
    for (int d = last + 1; d < x->rank; d++)
        shape.shape[shape.rank++] = x->shape[d];
    results[0] = yg_reshape(graph, operands[0], &shape);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const int removed = x->rank - r->out_type->rank; /* end_dim - start_dim */
    const int64_t start = r->call->attrs[0].i;
    const int first = (int)(start < 0 ? start + x->rank : start);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < first; d++)
        at[d] = index[d];
    int64_t position = x->rank == 0 ? 0 : index[first];
    for (int d = first + removed; x->rank > 0 && d >= first; d--) {
        at[d] = position % x->shape[d];
        position /= x->shape[d];
    }
    for (int d = first + removed + 1; d < x->rank; d++)
        at[d] = index[d - removed];
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "start_dim",
     .kind = YG_ATTR_INT,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the first of the dimensions"},
    {.name = "end_dim",
     .kind = YG_ATTR_INT,
     .fallback = {.i = -1},
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the last of them"},
};

static const yg_sample samples[] = {
    {{"f[2, 3, 4]"}, NULL},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.i = 1}, {.i = -1}}},
    {{"f[2, 3, 4, 2]"}, (const yg_attr[]){{.i = 1}, {.i = 2}}},
    {{"f[]"}, NULL},
    {{"f[0, 3]"}, NULL},
};

const yg_op yg_op_flatten = {
    .name = "flatten",
    .formula = "y[…, i · n + j, …] = x[…, i, j, …]",
    .doc = "Merges neighbouring dimensions into one. flatten(x, 1) keeps the batch dimension.",
    .group = "shape",
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
