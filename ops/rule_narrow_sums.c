/*
 * The rule narrow_sums: a sum over all dimensions but the last, where that one is smaller than a
 * vector, becomes two sums: first over rows of several neighbouring elements, then over the parts
 * of the row that is left.
 *
 * The gradient of a bias of few channels is such a sum. With 6 channels only 6 lanes of 16 are
 * used; rows of 16 pixels are 96 numbers, whole vectors.
 *
 * Changes rounding: the terms are added in another order.
 */
#include "build.h"
#include "registry.h"
#include "rules.h"

enum {
    NARROW = 16, /* a last dimension of this size fills a vector of floats */
    WIDE = 96,   /* elements of a row, about */
    LEAST = 4096 /* elements that are worth it */
};

/* How many neighbours make a row; 1: the sum is left alone. */
static int64_t neighbours(const yg_graph *graph, yg_node node) {
    if (yg_node_op(graph, node) != &yg_op_sum || yg_node_type(graph, node)->rank != 1)
        return 1;
    const yg_type *x = yg_node_type(graph, yg_node_operand(graph, node, 0));
    const yg_attr *dims = &yg_node_attrs(graph, node)[0];
    const int64_t channels = x->shape[x->rank - 1];
    if (dims->count != x->rank - 1 || channels < 1 || channels >= NARROW ||
        yg_type_count(x) < LEAST || !yg_dtype_is_float(x->dtype))
        return 1;
    for (int64_t i = 0; i < dims->count; i++)
        if (dims->ints[i] == -1 || dims->ints[i] == x->rank - 1)
            return 1;
    int64_t count = 1;
    while (2 * count * channels <= WIDE && yg_type_count(x) / channels % (2 * count) == 0)
        count *= 2;
    return count;
}

static bool is_candidate(const yg_graph *graph, yg_node node) {
    return neighbours(graph, node) > 1;
}

static bool matches(const yg_rewriting *r, yg_node node) {
    return is_candidate(r->graph, node);
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const yg_node x = made[yg_node_operand(r->graph, node, 0)];
    const yg_type *type = yg_node_type(to, x);
    const int64_t channels = type->shape[type->rank - 1], count = neighbours(r->graph, node);
    const int64_t width = count * channels, first = 0;
    const yg_type rows = {
        .dtype = type->dtype, .rank = 2, .shape = {yg_type_count(type) / width, width}};
    const yg_type parts = {.dtype = type->dtype, .rank = 2, .shape = {count, channels}};
    const yg_node row = yg_sum(to, yg_reshape(to, x, &rows), &first, 1, false);
    return yg_sum(to, yg_reshape(to, row, &parts), &first, 1, false);
}

const yg_rule yg_rule_narrow_sums = {
    .name = "narrow_sums",
    .doc = "sums over all dimensions but a small last one in rows of several elements",
    .op = &yg_op_sum,
    .candidate = is_candidate,
    .matches = matches,
    .build = build,
};
