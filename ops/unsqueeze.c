/*
 * unsqueeze: y is x with a new dimension of size 1 at `dim`.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (x->rank == YG_MAX_RANK) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "unsqueeze: %s has %d dimensions already, the most "
                      "there can be",
                      yg_type_text(x, text), YG_MAX_RANK);
        return 0;
    }
    int dim;
    if (!yg_compose_dim(graph, call, call->attrs[0].i, x->rank + 1, &dim))
        return 0;
    yg_type shape = {.dtype = x->dtype, .rank = x->rank + 1};
    for (int d = 0; d < shape.rank; d++)
        shape.shape[d] = d == dim ? 1 : x->shape[d < dim ? d : d - 1];
    results[0] = yg_reshape(graph, operands[0], &shape);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t given = r->call->attrs[0].i;
    const int dim = (int)(given < 0 ? given + r->out_type->rank : given);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d + 1 < r->out_type->rank; d++)
        at[d] = index[d < dim ? d : d + 1];
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "where the new dimension stands in the result, negative from its end"},
};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, (const yg_attr[]){{.i = 0}}}, {{"f[2, 3]"}, (const yg_attr[]){{.i = -1}}},
    {{"f[2, 3]"}, (const yg_attr[]){{.i = 1}}}, {{"f[]"}, (const yg_attr[]){{.i = 0}}},
    {{"f[0]"}, (const yg_attr[]){{.i = 0}}},
};

const yg_op yg_op_unsqueeze = {
    .name = "unsqueeze",
    .formula = "y[i, 0, j, …] = x[i, j, …]",
    .doc = "Adds a dimension of size 1.",
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
