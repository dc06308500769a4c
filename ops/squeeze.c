/*
 * squeeze: y is x without its dimensions of size 1, either those that `dim` names or all of them.
 */
#include "build.h"
#include "reduction.h"
#include "registry.h"

#include <inttypes.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const bool all = call->attrs[0].count == 0;
    bool dropped[YG_MAX_RANK];
    yg_error error = {0};
    if (!yg_reduction_dims(call, &call->attrs[0], dropped, &error)) {
        yg_graph_fail(graph, error.code, "%s", error.message);
        return 0;
    }
    yg_type shape = {.dtype = x->dtype};
    char text[YG_TYPE_TEXT];
    for (int d = 0; d < x->rank; d++) {
        if (dropped[d] && x->shape[d] == 1)
            continue;
        if (dropped[d] && !all) {
            yg_graph_fail(graph, YG_ERROR_SHAPE,
                          "squeeze: dimension %d of %s is %" PRId64 ", not 1", d,
                          yg_type_text(x, text), x->shape[d]);
            return 0;
        }
        shape.shape[shape.rank++] = x->shape[d];
    }
    results[0] = yg_reshape(graph, operands[0], &shape);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const yg_attr *dim = &r->call->attrs[0];
    int64_t at[YG_MAX_RANK] = {0};
    int next = 0;
    for (int d = 0; d < x->rank; d++) {
        bool dropped = dim->count == 0 && x->shape[d] == 1;
        for (int64_t i = 0; i < dim->count; i++)
            dropped = dropped || dim->ints[i] == d || dim->ints[i] + x->rank == d;
        if (!dropped)
            at[d] = index[next++];
    }
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INTS,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimensions to drop; none: every one of size 1"},
};

static const yg_sample samples[] = {
    {{"f[2, 1, 3, 1]"}, NULL},
    {{"f[2, 1, 3, 1]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}}},
    {{"f[1, 2, 1]"}, (const yg_attr[]){{.count = 2, .ints = {0, 2}}}},
    {{"f[2]"}, NULL},
    {{"f[0, 1]"}, NULL},
};

const yg_op yg_op_squeeze = {
    .name = "squeeze",
    .formula = "y[i, j, …] = x[i, 0, j, …]",
    .doc = "Drops dimensions of size 1. A dimension that is named must be of size 1 (PyTorch "
           "leaves another as it is).",
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
