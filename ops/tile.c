/*
 * tile: y is x, dims[d] times along each dimension d. The list `dims` stands for the last
 * dimensions; where it is longer than x has dimensions, x gets new ones of size 1 in front.
 */
#include "build.h"
#include "registry.h"
#include "repeat.h"

/* All dimensions repeated at once: [a, b] is taken as [1, a, 1, b] and stretched to [i, a, j, b].
 * YG_NONE if that has too many dimensions or elements. `times` has an entry for each dimension. */
static yg_node repeat_at_once(yg_graph *graph, yg_node x, const yg_type *type,
                              const int64_t *times) {
    yg_type box = {.dtype = type->dtype}, stretched = box, result = *type;
    bool fits = true;
    for (int d = 0; d < type->rank && fits; d++) {
        fits = box.rank + 2 <= YG_MAX_RANK &&
               !__builtin_mul_overflow(type->shape[d], times[d], &result.shape[d]);
        if (fits && times[d] != 1) {
            box.shape[box.rank++] = 1;
            stretched.shape[stretched.rank++] = times[d];
        }
        if (fits) {
            box.shape[box.rank++] = type->shape[d];
            stretched.shape[stretched.rank++] = type->shape[d];
        }
    }
    if (!fits || !yg_type_make(type->dtype, type->rank, result.shape, &result, NULL))
        return YG_NONE;
    return yg_reshape(graph, yg_broadcast(graph, yg_reshape(graph, x, &box), &stretched), &result);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const yg_attr *listed = &call->attrs[0];
    const int first = (int)listed->count - x->rank; /* of x's dimensions in the list */
    const int added = first > 0 ? first : 0;
    yg_type shape = {.dtype = x->dtype, .rank = x->rank + added};
    int64_t times[YG_MAX_RANK] = {0};
    for (int d = 0; d < shape.rank; d++) {
        shape.shape[d] = d < added ? 1 : x->shape[d - added];
        times[d] = d - added + first < 0 ? 1 : listed->ints[d - added + first];
    }
    const yg_node reshaped = yg_reshape(graph, operands[0], &shape);
    results[0] = repeat_at_once(graph, reshaped, &shape, times);
    if (results[0] != YG_NONE)
        return 1;
    results[0] = reshaped;
    for (int d = shape.rank; d-- > 0;)
        results[0] = yg_repeat_along(graph, results[0], d, times[d], false);
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
    {{"f[2, 1, 2, 1, 2]"}, (const yg_attr[]){{.count = 5, .ints = {2, 3, 2, 2, 1}}}},
    {{"f[3, 2]"}, (const yg_attr[]){{.count = 2, .ints = {2, 0}}}},
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
