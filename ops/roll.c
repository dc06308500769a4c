/*
 * roll: y[…, (i + shift) mod n, …] = x[…, i, …] along each dimension of `dims`; without `dims`
 * along the elements of x in row-major order.
 *
 * A composite: one rotation for each dimension.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>

enum { SHIFTS, DIMS };

/* `shift` modulo `size`, from 0 on. */
static int64_t wrapped(int64_t shift, int64_t size) {
    const int64_t rest = shift % size;
    return rest < 0 ? rest + size : rest;
}

static yg_node roll(yg_graph *graph, yg_node x, int dim, int64_t shift) {
    if (x == YG_NONE)
        return YG_NONE;
    const int64_t size = yg_node_type(graph, x)->shape[dim];
    const yg_attr by[] = {{.i = dim}, {.i = size == 0 ? 0 : wrapped(shift, size)}};
    return by[1].i == 0 ? x : yg_apply(graph, &yg_op_rotate, &x, 1, by);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const yg_attr *shifts = &call->attrs[SHIFTS], *dims = &call->attrs[DIMS];
    const bool flat = dims->count == 0;
    if (shifts->count != (flat ? 1 : dims->count)) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "roll: %" PRId64 " shifts do not fit %" PRId64
                      " dims: one shift for each dimension, or a single shift without dims",
                      shifts->count, dims->count);
        return 0;
    }
    if (flat) {
        const yg_type line = {.dtype = x->dtype, .rank = 1, .shape = {yg_type_count(x)}};
        const yg_node rolled =
            roll(graph, yg_reshape(graph, operands[0], &line), 0, shifts->ints[0]);
        results[0] = yg_reshape(graph, rolled, x);
        return 1;
    }
    results[0] = operands[0];
    for (int64_t i = 0; i < dims->count; i++) {
        int dim;
        char text[YG_TYPE_TEXT];
        if (!yg_compose_dim(graph, call, dims->ints[i], x->rank, &dim))
            return 0;
        if (x->rank == 0) {
            yg_graph_fail(graph, YG_ERROR_SHAPE, "roll: %s has no dimension",
                          yg_type_text(x, text));
            return 0;
        }
        results[0] = roll(graph, results[0], dim, shifts->ints[i]);
    }
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const yg_attr *shifts = &r->call->attrs[SHIFTS], *dims = &r->call->attrs[DIMS];
    int64_t at[YG_MAX_RANK] = {0}, place = 0;
    for (int d = 0; d < x->rank; d++) {
        at[d] = index[d];
        place = place * x->shape[d] + index[d];
    }
    for (int64_t i = 0; i < dims->count; i++) {
        int dim = 0;
        yg_dimension(dims->ints[i], x->rank, &dim);
        at[dim] = wrapped(at[dim] - shifts->ints[i], x->shape[dim]);
    }
    if (dims->count == 0)
        place = wrapped(place - shifts->ints[0], yg_type_count(x));
    for (int d = x->rank; dims->count == 0 && d-- > 0;) {
        at[d] = place % x->shape[d];
        place /= x->shape[d];
    }
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    [SHIFTS] = {.name = "shifts",
                .kind = YG_ATTR_INTS,
                .required = true,
                .doc = "by how many places, backwards if negative: one number for each of dims"},
    [DIMS] = {.name = "dims",
              .kind = YG_ATTR_INTS,
              .min = -YG_MAX_RANK,
              .max = YG_MAX_RANK - 1,
              .doc = "the dimensions to roll; none: all elements, in row-major order"},
};

static const yg_sample samples[] = {
    {{"f[5]"}, (const yg_attr[]){{.count = 1, .ints = {2}}, {0}}},
    {{"f[2, 3]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}, {0}}},
    {{"f[3, 4]"}, (const yg_attr[]){{.count = 1, .ints = {7}}, {.count = 1, .ints = {-1}}}},
    {{"f[2, 3, 4]"},
     (const yg_attr[]){{.count = 3, .ints = {1, -1, 2}}, {.count = 3, .ints = {0, 1, 1}}}},
    {{"f[3]"}, (const yg_attr[]){{.count = 1, .ints = {-3}}, {.count = 1, .ints = {0}}}},
    {{"f[0, 2]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {.count = 1, .ints = {0}}}},
    {{"i[4]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
};

const yg_op yg_op_roll = {
    .name = "roll",
    .formula = "y[…, (i + shift) mod n, …] = x[…, i, …]",
    .doc = "Moves the elements along dimensions; those that fall out at an end come in at the "
           "other.",
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
