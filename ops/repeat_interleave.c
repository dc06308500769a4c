/*
 * repeat_interleave: y has each element of x, along dimension `dim`, several times in a row.
 * Without `dim` x is taken as one row of elements.
 *
 * `repeats` is one number, or one for each index into the dimension.
 */
#include "build.h"
#include "registry.h"
#include "repeat.h"
#include "shape.h"

#include <inttypes.h>
#include <stdlib.h>

enum { REPEATS, DIM };

/* Each index as often as its entry of `repeats` says, in a constant tensor. */
static yg_node list_indices(yg_graph *graph, const yg_attr *repeats) {
    const int64_t *times = yg_attr_ints(repeats);
    yg_type type = {.dtype = YG_I64, .rank = 1};
    for (int64_t i = 0; i < repeats->count; i++)
        if (__builtin_add_overflow(type.shape[0], times[i], &type.shape[0]) ||
            type.shape[0] > INT64_MAX / 16)
            return yg_graph_fail(graph, YG_ERROR_MEMORY, "repeat_interleave: too many repeats");
    int64_t *indices = malloc((size_t)(type.shape[0] + 1) * sizeof *indices);
    if (!indices)
        return yg_graph_fail(graph, YG_ERROR_MEMORY, "repeat_interleave: out of memory");
    int64_t used = 0;
    for (int64_t i = 0; i < repeats->count; i++)
        for (int64_t k = 0; k < times[i]; k++)
            indices[used++] = i;
    const yg_node node = yg_constant(graph, &type, indices);
    free(indices);
    return node;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_attr *repeats = &call->attrs[REPEATS], *given = &call->attrs[DIM];
    yg_type type = call->operands[0];
    yg_node x = operands[0];
    int dim = 0;
    char text[YG_TYPE_TEXT];
    if (given->count > 1 || (given->count == 1 && type.rank == 0)) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "repeat_interleave: takes one dimension of %s, or none for all of it",
                      yg_type_text(&type, text));
        return 0;
    }
    if (given->count == 1 && !yg_compose_dim(graph, call, given->ints[0], type.rank, &dim))
        return 0;
    if (given->count == 0) {
        type = (yg_type){.dtype = type.dtype, .rank = 1, .shape = {yg_type_count(&type)}};
        x = yg_reshape(graph, x, &type);
    }
    if (repeats->count == 1) {
        results[0] = yg_repeat_along(graph, x, dim, repeats->ints[0], true);
        return 1;
    }
    if (repeats->count != type.shape[dim]) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "repeat_interleave: repeats has %" PRId64 " entries, dimension %d of %s has "
                      "%" PRId64,
                      repeats->count, dim, yg_type_text(&type, text), type.shape[dim]);
        return 0;
    }
    const yg_node selected[] = {x, list_indices(graph, repeats)};
    const yg_attr along = {.i = dim};
    results[0] = yg_apply(graph, &yg_op_index_select, selected, 2, &along);
    return 1;
}

/* The index that place `at` of the result repeats. */
static int64_t source(const yg_attr *repeats, int64_t at) {
    int64_t i = 0;
    if (repeats->count == 1)
        return at / repeats->ints[0];
    for (; at >= yg_attr_ints(repeats)[i]; i++)
        at -= yg_attr_ints(repeats)[i];
    return i;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const yg_attr *repeats = &r->call->attrs[REPEATS], *given = &r->call->attrs[DIM];
    int64_t at[YG_MAX_RANK] = {0};
    int dim = 0;
    if (given->count == 1) {
        yg_dimension(given->ints[0], x->rank, &dim);
        for (int d = 0; d < x->rank; d++)
            at[d] = d == dim ? source(repeats, index[d]) : index[d];
        return yg_at(r, 0, at);
    }
    int64_t place = source(repeats, index[0]);
    for (int d = x->rank; d-- > 0;) {
        at[d] = place % x->shape[d];
        place /= x->shape[d];
    }
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    [REPEATS] = {.name = "repeats",
                 .kind = YG_ATTR_INTS,
                 .required = true,
                 .any_count = true,
                 .max = (double)INT64_MAX,
                 .doc = "how often each element comes: one number, or a list with one for each"},
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INTS,
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension to repeat along, one at most; none: all of x as one row"},
};

static const yg_sample samples[] = {
    {{"f[3]"}, (const yg_attr[]){{.count = 1, .ints = {2}}, {0}}},
    {{"f[2, 3]"}, (const yg_attr[]){{.count = 1, .ints = {3}}, {0}}},
    {{"f[2, 3, 2]"}, (const yg_attr[]){{.count = 1, .ints = {2}}, {.count = 1, .ints = {1}}}},
    {{"f[2, 3]"}, (const yg_attr[]){{.count = 3, .ints = {2, 0, 1}}, {.count = 1, .ints = {-1}}}},
    {{"f[2, 2]"}, (const yg_attr[]){{.count = 2, .ints = {1, 3}}, {.count = 1, .ints = {0}}}},
    {{"f[]"}, (const yg_attr[]){{.count = 1, .ints = {2}}, {0}}},
    {{"f[2]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {0}}},
    {{"i[2]"}, (const yg_attr[]){{.count = 1, .ints = {2}}, {0}}},
};

const yg_op yg_op_repeat_interleave = {
    .name = "repeat_interleave",
    .formula = "y[…, i · repeats + k, …] = x[…, i, …] for 0 ≤ k < repeats",
    .doc = "Repeats each element, one after the other: [a, b] becomes [a, a, b, b]. (tile repeats "
           "the whole: [a, b, a, b].)",
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
