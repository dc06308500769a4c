/*
 * tile: y is x, dims[d] times along each dimension d. The list `dims` stands for the last
 * dimensions; where it is longer than x has dimensions, x gets new ones of size 1 in front.
 */
#include "build.h"
#include "registry.h"
#include "repeat.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const yg_attr *times = &call->attrs[0];
    const int listed = (int)times->count;
    const int added = listed > x->rank ? listed - x->rank : 0;
    yg_type shape = {.dtype = x->dtype, .rank = x->rank + added};
    for (int d = 0; d < shape.rank; d++)
        shape.shape[d] = d < added ? 1 : x->shape[d - added];
    results[0] = yg_reshape(graph, operands[0], &shape);
    for (int d = shape.rank; d-- > shape.rank - listed;)
        results[0] =
            yg_repeat_along(graph, results[0], d, times->ints[d - (shape.rank - listed)], false);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const int added = r->out_type->rank - x->rank;
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = index[added + d] % x->shape[d];
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "dims",
     .kind = YG_ATTR_INTS,
     .required = true,
     .max = (double)INT64_MAX,
     .doc = "how often x comes along each of the last dimensions"},
};

static const yg_sample samples[] = {
    {{"f[3]"}, (const yg_attr[]){{.count = 1, .ints = {2}}}},
    {{"f[2, 3]"}, (const yg_attr[]){{.count = 1, .ints = {2}}}},
    {{"f[2, 3]"}, (const yg_attr[]){{.count = 2, .ints = {3, 2}}}},
    {{"f[3]"}, (const yg_attr[]){{.count = 3, .ints = {2, 1, 2}}}},
    {{"f[2]"}, (const yg_attr[]){{.count = 1, .ints = {0}}}},
    {{"f[]"}, (const yg_attr[]){{.count = 1, .ints = {3}}}},
    {{"f[2]"}, (const yg_attr[]){{.count = 0}}},
    {{"i[2]"}, (const yg_attr[]){{.count = 1, .ints = {2}}}},
};

const yg_op yg_op_tile = {
    .name = "tile",
    .formula = "y[…, k · n + i, …] = x[…, i, …] for 0 ≤ k < dims",
    .doc = "Repeats the whole of x along dimensions: [a, b] becomes [a, b, a, b]. "
           "(repeat_interleave repeats each element: [a, a, b, b].)",
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
