/*
 * segment_sum: y[…, s, …] = Σ x[…, i, …] over all i of the segment s = segment_ids[i], along
 * dimension `dim`. A segment without elements is 0. The ids need not be sorted.
 *
 * x [a…, n, b…], segment_ids [n] of integers → y [a…, num_segments, b…]. A composite: zeros, and
 * index_add.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

enum { NUM_SEGMENTS, DIM };

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0], *ids = &call->operands[1];
    int dim;
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_compose_dim(graph, call, call->attrs[DIM].i, x->rank, &dim))
        return 0;
    if (x->rank == 0 || ids->rank != 1 || ids->shape[0] != x->shape[dim]) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "segment_sum: dimension %d of %s needs a vector of as many segment ids, not "
                      "%s",
                      dim, yg_type_text(x, a), yg_type_text(ids, b));
        return 0;
    }
    yg_type shape = *x;
    yg_error error = {0};
    shape.shape[dim] = call->attrs[NUM_SEGMENTS].i;
    if (!yg_type_make(x->dtype, x->rank, shape.shape, &shape, &error)) {
        yg_graph_fail(graph, error.code, "segment_sum: %s", error.message);
        return 0;
    }
    const yg_node added[] = {yg_full(graph, &shape, 0), operands[1], operands[0]};
    const yg_attr along = {.i = dim};
    results[0] = yg_apply(graph, &yg_op_index_add, added, 3, &along);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    int dim = 0;
    yg_dimension(r->call->attrs[DIM].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double sum = 0;
    for (at[dim] = 0; at[dim] < x->shape[dim]; at[dim]++)
        if ((int64_t)yg_at(r, 1, &at[dim]) == index[dim])
            sum += yg_at(r, 0, at);
    return sum;
}

static const yg_attr_spec attrs[] = {
    [NUM_SEGMENTS] = {.name = "num_segments",
                      .kind = YG_ATTR_INT,
                      .required = true,
                      .max = (double)INT64_MAX,
                      .doc = "how many segments there are; an id is smaller than that"},
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension that is cut into segments"},
};

/* The tests draw ids from 0 to 2: see `domain`. */
static const yg_sample samples[] = {
    {{"f[7]", "i[7]"}, (const yg_attr[]){{.i = 3}, {.i = 0}}},
    {{"f[5, 2]", "i[5]"}, (const yg_attr[]){{.i = 4}, {.i = 0}}},
    {{"f[2, 5]", "i[5]"}, (const yg_attr[]){{.i = 3}, {.i = -1}}},
    {{"f[0, 2]", "i[0]"}, (const yg_attr[]){{.i = 3}, {.i = 0}}},
};

const yg_op yg_op_segment_sum = {
    .name = "segment_sum",
    .formula = "y[s, …] = Σ x[i, …] where segment_ids[i] = s",
    .doc = "Adds up the parts of x that belong to one segment, as jax.ops.segment_sum: the nodes "
           "of each graph of a batch, say. The ids need not be sorted. An id that is not there "
           "stops the run.",
    .group = "indexing",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "segment_ids"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
