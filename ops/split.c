/*
 * split: cuts x along dimension `dim` into parts, in order: n equal parts, or parts of given sizes.
 *
 * A composite of slices with as many results as parts.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>

/* How many parts there are; 0 where `sections` is neither a number nor a list of sizes. */
static size_t count_parts(const yg_attr *sections) {
    if (sections->count != 1)
        return (size_t)sections->count;
    return sections->ints[0] > 0 ? (size_t)sections->ints[0] : 0;
}

/* Of a wrong call, which compose() refuses, 1: a number of parts that does not divide x may be too
 * large for any memory. */
static size_t result_count(const yg_infer *call) {
    const yg_type *x = &call->operands[0];
    const size_t parts = count_parts(&call->attrs[0]);
    int dim;
    if (parts == 0 || !yg_dimension(call->attrs[1].i, x->rank, &dim))
        return 1;
    return call->attrs[0].count > 1 || x->shape[dim] % (int64_t)parts == 0 ? parts : 1;
}

/* Whether sizes that are listed add up to `size`. */
static bool add_up(const yg_attr *sections, int64_t size) {
    const int64_t *sizes = yg_attr_ints(sections);
    for (int64_t i = 0; i < sections->count; i++) {
        if (sizes[i] > size)
            return false;
        size -= sizes[i];
    }
    return size == 0;
}

static bool check_sections(yg_graph *graph, const yg_infer *call, int dim) {
    const yg_type *x = &call->operands[0];
    const yg_attr *sections = &call->attrs[0];
    const int64_t size = x->shape[dim];
    const int64_t parts = (int64_t)count_parts(sections);
    char text[YG_TYPE_TEXT];
    if (parts == 0)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "split: sections must be a number from 1 on, or a list of sizes");
    else if (sections->count > 1 && !add_up(sections, size))
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "split: the sections do not add up to %" PRId64 ", dimension %d of %s", size,
                      dim, yg_type_text(x, text));
    else if (sections->count == 1 && size % parts != 0)
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "split: dimension %d of %s is not divisible into %" PRId64 " equal parts",
                      dim, yg_type_text(x, text), parts);
    else
        return true;
    return false;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    const yg_attr *sections = &call->attrs[0];
    char text[YG_TYPE_TEXT];
    if (x->rank == 0) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "split: %s has no dimension to split",
                      yg_type_text(x, text));
        return 0;
    }
    int dim;
    if (!yg_compose_dim(graph, call, call->attrs[1].i, x->rank, &dim) ||
        !check_sections(graph, call, dim))
        return 0;
    const size_t parts = count_parts(sections);
    int64_t start[YG_MAX_RANK] = {0}, stop[YG_MAX_RANK], step[YG_MAX_RANK];
    for (int d = 0; d < x->rank; d++) {
        stop[d] = x->shape[d];
        step[d] = 1;
    }
    const int64_t *sizes = yg_attr_ints(sections);
    for (size_t i = 0; i < parts; i++) {
        const int64_t listed = sizes[sections->count > 1 ? i : 0];
        stop[dim] = start[dim] + (sections->count > 1 ? listed : x->shape[dim] / listed);
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
     .any_count = true,
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
    .result_count = result_count,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
