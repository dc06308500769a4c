/*
 * stack: y[…, k, …] = operand k, along a new dimension `dim`; all operands have one shape.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <stdlib.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    for (size_t k = 1; k < call->operand_count; k++)
        if (!yg_type_equal(x, &call->operands[k])) {
            yg_graph_fail(graph, YG_ERROR_SHAPE, "stack: %s and %s are not of one type",
                          yg_type_text(x, a), yg_type_text(&call->operands[k], b));
            return 0;
        }
    int dim;
    if (!yg_compose_dim(graph, call, call->attrs[0].i, x->rank + 1, &dim))
        return 0;
    yg_node *parts = malloc(call->operand_count * sizeof *parts);
    if (!parts) {
        yg_graph_fail(graph, YG_ERROR_MEMORY, "stack: out of memory");
        return 0;
    }
    const yg_attr attr = {.i = dim};
    for (size_t k = 0; k < call->operand_count; k++)
        parts[k] = yg_apply(graph, &yg_op_unsqueeze, &operands[k], 1, &attr);
    results[0] = yg_concat(graph, parts, call->operand_count, dim);
    free(parts);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t given = r->call->attrs[0].i;
    const int dim = (int)(given < 0 ? given + r->out_type->rank : given);
    int64_t at[YG_MAX_RANK];
    for (int d = 0; d + 1 < r->out_type->rank; d++)
        at[d] = index[d < dim ? d : d + 1];
    return yg_at(r, (size_t)index[dim], at);
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "where the new dimension stands in the result"},
};

static const yg_sample samples[] = {
    {{"f[3]", "f[3]"}, NULL},
    {{"f[2, 3]", "f[2, 3]", "f[2, 3]"}, (const yg_attr[]){{.i = -1}}},
    {{"f[2, 3]", "f[2, 3]"}, (const yg_attr[]){{.i = 1}}},
    {{"f[]", "f[]", "f[]"}, NULL},
    {{"f[0]", "f[0]"}, NULL},
};

const yg_op yg_op_stack = {
    .name = "stack",
    .formula = "y[…, k, …] = operand k",
    .doc = "Joins tensors of one type along a new dimension.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = YG_ANY_COUNT,
    .operand_names = {"parts"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_LIST,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
