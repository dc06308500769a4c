/*
 * chunk: cuts x along dimension `dim` into parts of one size. The last may be smaller.
 *
 * A composite of slices with as many results as parts. The size is that of `chunks` parts, rounded
 * up, so there may be fewer parts, as in PyTorch.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

enum { CHUNKS, DIM };

static int64_t part_size(const yg_infer *call, int dim) {
    const int64_t size = call->operands[0].shape[dim], chunks = call->attrs[CHUNKS].i;
    return size / chunks + (size % chunks != 0);
}

/* Of a wrong call, which compose() refuses, 1. */
static size_t result_count(const yg_infer *call) {
    const yg_type *x = &call->operands[0];
    int dim;
    if (x->rank == 0 || call->attrs[CHUNKS].i < 1 ||
        !yg_dimension(call->attrs[DIM].i, x->rank, &dim))
        return 1;
    const int64_t part = part_size(call, dim);
    return part == 0 ? (size_t)call->attrs[CHUNKS].i
                     : (size_t)(x->shape[dim] / part + (x->shape[dim] % part != 0));
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    int dim;
    char text[YG_TYPE_TEXT];
    if (x->rank == 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "chunk: %s has no dimension to cut",
                      yg_type_text(x, text));
        return 0;
    }
    if (!yg_compose_dim(graph, call, call->attrs[DIM].i, x->rank, &dim))
        return 0;
    const int64_t part = part_size(call, dim), size = x->shape[dim];
    const size_t count = result_count(call);
    for (size_t i = 0; i < count; i++) {
        const int64_t start = (int64_t)i * part, stop = start + part;
        results[i] = yg_slice_along(graph, operands[0], dim, start, stop < size ? stop : size);
    }
    return count;
}

/* The tests check the first part: it starts at 0, so an index into it is one into x. */
static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index);
}

static const yg_attr_spec attrs[] = {
    [CHUNKS] = {.name = "chunks",
                .kind = YG_ATTR_INT,
                .required = true,
                .min = 1,
                .max = 1e6,
                .doc = "how many parts, at most"},
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension to cut"},
};

static const yg_sample samples[] = {
    {{"f[6]"}, (const yg_attr[]){{.i = 3}, {0}}},
    {{"f[2, 7]"}, (const yg_attr[]){{.i = 3}, {.i = -1}}},
    {{"f[5, 2]"}, (const yg_attr[]){{.i = 4}, {.i = 0}}},
    {{"f[2]"}, (const yg_attr[]){{.i = 1}, {0}}},
    {{"f[0, 3]"}, (const yg_attr[]){{.i = 2}, {0}}},
};

const yg_op yg_op_chunk = {
    .name = "chunk",
    .formula = "y₀, y₁, … = x cut along dim",
    .doc =
        "Several results: `a, b, c: chunk(x, 3, dim=-1)`. The last part may be smaller, and there "
        "may be fewer. (split makes exactly equal parts, or parts of given sizes.)",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .result_count = result_count,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
