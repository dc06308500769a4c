/*
 * split: cuts x along dimension `dim` into parts, in order: n equal parts, or parts of given sizes.
 *
 * A composite of slices with as many results as parts.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>

/* Writes the sizes of the parts: the attribute `sections` itself, or, if it is a single number,
 * that many equal parts. Returns how many; 0 after a failure. */
static size_t part_sizes(yg_graph *graph, const yg_infer *call, int dim,
                         int64_t sizes[YG_MAX_RESULTS]) {
    const yg_type *x = &call->operands[0];
    const yg_attr *sections = &call->attrs[0];
    const int64_t size = x->shape[dim];
    char text[YG_TYPE_TEXT];
    if (sections->count > 1) {
        int64_t sum = 0;
        bool fits = true;
        for (int64_t i = 0; i < sections->count; i++) {
            sizes[i] = sections->ints[i];
            fits = fits && sizes[i] <= size - sum;
            sum += fits ? sizes[i] : 0;
        }
        if (fits && sum == size)
            return (size_t)sections->count;
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "split: the sections do not add up to %" PRId64 ", dimension %d of %s", size,
                      dim, yg_type_text(x, text));
        return 0;
    }
    const int64_t parts = sections->count == 1 ? sections->ints[0] : 0;
    if (parts < 1 || parts > YG_MAX_RESULTS) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "split: sections must be a number from 1 to %d, or a list of sizes",
                      YG_MAX_RESULTS);
        return 0;
    }
    if (size % parts != 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "split: dimension %d of %s is not divisible into %" PRId64 " equal parts",
                      dim, yg_type_text(x, text), parts);
        return 0;
    }
    for (int64_t i = 0; i < parts; i++)
        sizes[i] = size / parts;
    return (size_t)parts;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (x->rank == 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "split: %s has no dimension to split",
                      yg_type_text(x, text));
        return 0;
    }
    int dim;
    int64_t sizes[YG_MAX_RESULTS];
    if (!yg_compose_dim(graph, call, call->attrs[1].i, x->rank, &dim))
        return 0;
    const size_t parts = part_sizes(graph, call, dim, sizes);
    int64_t start[YG_MAX_RANK] = {0}, stop[YG_MAX_RANK], step[YG_MAX_RANK];
    for (int d = 0; d < x->rank; d++) {
        stop[d] = x->shape[d];
        step[d] = 1;
    }
    for (size_t i = 0; i < parts; i++) {
        stop[dim] = start[dim] + sizes[i];
        results[i] = yg_slice(graph, operands[0], start, stop, step);
        start[dim] = stop[dim];
    }
    return parts;
}

/* The tests check the first part: it starts at 0, so an index into it is one into x. */
static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index);
}

static const yg_attr_spec attrs[] = {
    {.name = "sections",
     .kind = YG_ATTR_INTS,
     .required = true,
     .max = (double)INT64_MAX,
     .doc = "one number: how many equal parts; a list: the size of each part"},
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension to cut"},
};

static const yg_sample samples[] = {
    {{"f[6]"}, (const yg_attr[]){{.count = 1, .ints = {3}}, {0}}},
    {{"f[2, 6]"}, (const yg_attr[]){{.count = 1, .ints = {2}}, {.i = -1}}},
    {{"f[2, 6, 2]"}, (const yg_attr[]){{.count = 3, .ints = {1, 3, 2}}, {.i = 1}}},
    {{"f[4]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"f[4]"}, (const yg_attr[]){{.count = 2, .ints = {0, 4}}, {0}}},
};

const yg_op yg_op_split = {
    .name = "split",
    .formula = "y₀, y₁, … = x cut along dim",
    .doc = "Several results: `q, k, v: split(qkv, 3, dim=-1)` makes three equal parts, "
           "`a, b: split(x, [2, 5])` one of size 2 and one of size 5. (PyTorch's split takes the "
           "size of the parts, its chunk their number.)",
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
