/*
 * pad: y is x with elements added around the last dimensions, or cropped from them.
 *
 * The lists `before`, `after` and `interior` hold one entry for each of the last dimensions. A
 * negative entry of `before` or `after` crops. `mode` says what is added: a constant; x reflected
 * at its first and last element, which are not repeated; the element at the edge; or x again, from
 * its other end.
 *
 * A composite: constants are added by constant_pad, everything else by slices that are joined, one
 * dimension after the other. As in PyTorch, a reflection may show what is then cropped, and what
 * goes on from the other end does not.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>

enum { BEFORE, AFTER, VALUE, INTERIOR, MODE };   /* attributes */
enum { CONSTANT, REFLECT, REPLICATE, CIRCULAR }; /* of MODE */

/* The entry of a list for dimension `d` of `rank`: the last entry is for the last dimension. */
static int64_t entry(const yg_attr *attrs, int which, int d, int rank) {
    const int64_t i = attrs[which].count - (rank - d);
    return i >= 0 ? attrs[which].ints[i] : 0;
}

static bool fails(yg_graph *graph, const yg_type *x, int d, const char *what, int64_t limit) {
    char text[YG_TYPE_TEXT];
    yg_graph_fail(graph, YG_ERROR_SHAPE, "pad: dimension %d of %s %s %" PRId64, d,
                  yg_type_text(x, text), what, limit);
    return false;
}

static bool check_lists(yg_graph *graph, const yg_infer *call) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    static const int lists[] = {BEFORE, AFTER, INTERIOR};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const int64_t count = call->attrs[lists[i]].count;
        if (count > x->rank) {
            yg_graph_fail(
                graph, YG_ERROR_SHAPE, "pad: %s has %d dimensions, %s has %" PRId64 " entries",
                yg_type_text(x, text), (int)x->rank, call->op->attrs[lists[i]].name, count);
            return false;
        }
    }
    const bool constants = call->attrs[VALUE].f != 0 || call->attrs[INTERIOR].count > 0;
    if (constants && call->attrs[MODE].i != CONSTANT)
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "pad: value and interior are for mode = constant only");
    return !constants || call->attrs[MODE].i == CONSTANT;
}

/* Whether a dimension of x can be padded, and cropped, so far. */
static bool check_dimension(yg_graph *graph, const yg_infer *call, int d) {
    const yg_type *x = &call->operands[0];
    const int64_t size = x->shape[d];
    const int64_t before = entry(call->attrs, BEFORE, d, x->rank);
    const int64_t after = entry(call->attrs, AFTER, d, x->rank);
    const int64_t added = before > after ? before : after;
    const int64_t front = before < 0 ? -before : 0, back = after < 0 ? -after : 0;
    char text[YG_TYPE_TEXT];
    if (entry(call->attrs, INTERIOR, d, x->rank) == 0 && (front > size || back > size - front)) {
        yg_graph_fail(graph, YG_ERROR_SHAPE,
                      "pad: dimension %d of %s cannot be cropped by %" PRId64 " and %" PRId64, d,
                      yg_type_text(x, text), front, back);
        return false;
    }
    const int64_t mode = call->attrs[MODE].i;
    if (added <= 0 || mode == CONSTANT)
        return true;
    if (size == 0)
        return fails(graph, x, d, "has no element to repeat; it has", size);
    if (mode == REFLECT && added >= size)
        return fails(graph, x, d, "can be reflected by fewer than", size);
    if (mode == CIRCULAR && added > size - front - back)
        return fails(graph, x, d, "can be continued by at most", size - front - back);
    return true;
}

static yg_node edge(yg_graph *graph, yg_node x, int d, int64_t at, int64_t count) {
    const yg_node part = yg_slice_along(graph, x, d, at, at + 1);
    if (part == YG_NONE)
        return YG_NONE;
    yg_type shape = *yg_node_type(graph, part);
    shape.shape[d] = count;
    return yg_broadcast(graph, part, &shape);
}

static yg_node reflection(yg_graph *graph, yg_node x, int d, int64_t start, int64_t stop) {
    const yg_node part = yg_slice_along(graph, x, d, start, stop);
    const yg_attr dims = {.count = 1, .ints = {d}};
    return yg_apply(graph, &yg_op_flip, &part, 1, &dims);
}

/* x, with `before` and `after` elements (not negative) that come from x itself. */
static yg_node extend(yg_graph *graph, yg_node x, int64_t mode, int d, int64_t before,
                      int64_t after) {
    if (x == YG_NONE)
        return YG_NONE;
    const int64_t size = yg_node_type(graph, x)->shape[d];
    yg_node parts[3];
    size_t count = 0;
    if (before > 0)
        parts[count++] = mode == REFLECT     ? reflection(graph, x, d, 1, before + 1)
                         : mode == REPLICATE ? edge(graph, x, d, 0, before)
                                             : yg_slice_along(graph, x, d, size - before, size);
    parts[count++] = x;
    if (after > 0)
        parts[count++] = mode == REFLECT     ? reflection(graph, x, d, size - 1 - after, size - 1)
                         : mode == REPLICATE ? edge(graph, x, d, size - 1, after)
                                             : yg_slice_along(graph, x, d, 0, after);
    return count == 1 ? x : yg_concat(graph, parts, count, d);
}

static int64_t positive(int64_t x) {
    return x > 0 ? x : 0;
}

static yg_node add_elements(yg_graph *graph, const yg_infer *call, yg_node x) {
    const yg_type *type = &call->operands[0];
    const yg_attr *attrs = call->attrs;
    const int rank = type->rank;
    if (attrs[MODE].i != CONSTANT) {
        for (int d = rank; d-- > 0;)
            x = extend(graph, x, attrs[MODE].i, d, positive(entry(attrs, BEFORE, d, rank)),
                       positive(entry(attrs, AFTER, d, rank)));
        return x;
    }
    yg_attr pad[4] = {{.count = rank}, {.count = rank}, {.f = attrs[VALUE].f}, {.count = rank}};
    for (int d = 0; d < rank; d++) {
        pad[0].ints[d] = positive(entry(attrs, BEFORE, d, rank));
        pad[1].ints[d] = positive(entry(attrs, AFTER, d, rank));
        pad[3].ints[d] = entry(attrs, INTERIOR, d, rank);
    }
    return yg_apply(graph, &yg_op_constant_pad, &x, 1, pad);
}

/* x without the elements that negative entries crop. */
static yg_node crop(yg_graph *graph, const yg_infer *call, yg_node x) {
    const int rank = call->operands[0].rank;
    for (int d = 0; d < rank && x != YG_NONE; d++) {
        const int64_t size = yg_node_type(graph, x)->shape[d];
        const int64_t front = positive(-entry(call->attrs, BEFORE, d, rank));
        const int64_t back = positive(-entry(call->attrs, AFTER, d, rank));
        if (front > size || back > size - front) {
            fails(graph, yg_node_type(graph, x), d, "is too small to crop; it has", size);
            return YG_NONE;
        }
        if (front > 0 || back > 0)
            x = yg_slice_along(graph, x, d, front, size - back);
    }
    return x;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!check_lists(graph, call))
        return 0;
    for (int d = 0; d < call->operands[0].rank; d++)
        if (!check_dimension(graph, call, d))
            return 0;
    const bool first = call->attrs[MODE].i == CIRCULAR;
    results[0] = first ? add_elements(graph, call, crop(graph, call, operands[0]))
                       : crop(graph, call, add_elements(graph, call, operands[0]));
    return 1;
}

/* The element of a dimension of `size` that shows at `at`, which may lie outside. */
static int64_t source(int64_t mode, int64_t at, int64_t size) {
    if (mode == REFLECT)
        return at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at;
    if (mode == REPLICATE)
        return at < 0 ? 0 : at >= size ? size - 1 : at;
    return at;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const yg_attr *attrs = r->call->attrs;
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++) {
        const int64_t step = 1 + entry(attrs, INTERIOR, d, x->rank);
        const int64_t position = index[d] - entry(attrs, BEFORE, d, x->rank);
        const int64_t front = positive(-entry(attrs, BEFORE, d, x->rank));
        const int64_t kept = x->shape[d] - front - positive(-entry(attrs, AFTER, d, x->rank));
        at[d] = attrs[MODE].i == CIRCULAR ? front + (position - front + kept) % kept
                                          : source(attrs[MODE].i, position, x->shape[d]);
        if (at[d] < 0 || at[d] % step != 0 || at[d] / step >= x->shape[d])
            return attrs[VALUE].f;
        at[d] /= step;
    }
    return yg_at(r, 0, at);
}

#define COUNTS .kind = YG_ATTR_INTS, .min = -9e18, .max = (double)INT64_MAX
static const char *const modes[] = {"constant", "reflect", "replicate", "circular", NULL};
static const yg_attr_spec attrs[] = {
    [BEFORE] = {.name = "before",
                COUNTS,
                .doc = "how many elements come before each of the last dimensions; negative: how "
                       "many are cropped there"},
    [AFTER] = {.name = "after", COUNTS, .doc = "how many come after them, or are cropped there"},
    [VALUE] = {.name = "value", .kind = YG_ATTR_FLOAT, .doc = "what they are, if constant"},
    [INTERIOR] = {.name = "interior",
                  .kind = YG_ATTR_INTS,
                  .max = (double)INT64_MAX,
                  .doc = "how many constants come between neighbours in each of the last "
                         "dimensions"},
    [MODE] = {.name = "mode",
              .kind = YG_ATTR_CHOICE,
              .choices = modes,
              .doc = "what is added: a constant, x mirrored, its edge, or x from the other end"},
};

#define LIST(...) .count = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), .ints = {__VA_ARGS__}
#define AROUND(before, after, mode)                                                                \
    (const yg_attr[]) {                                                                            \
        {before}, {after}, {0}, {0}, {                                                             \
            .i = (mode)                                                                            \
        }                                                                                          \
    }
static const yg_sample samples[] = {
    {{"f[2, 3]"}, (const yg_attr[]){{LIST(1, 0)}, {LIST(2)}, {.f = -1}, {0}, {0}}},
    {{"f[2, 3]"}, (const yg_attr[]){{LIST(0, 1)}, {LIST(1, -2)}, {0}, {LIST(2, 1)}, {0}}},
    {{"f[4, 3]"}, AROUND(LIST(-1, -1), LIST(-2, 0), CONSTANT)},
    {{"f[3, 4]"}, AROUND(LIST(3), LIST(2), REFLECT)},
    {{"f[2, 3, 4]"}, AROUND(LIST(2, 0), LIST(1, 3), REFLECT)},
    {{"f[3, 4]"}, AROUND(LIST(2, -3), LIST(-1, 3), REFLECT)},
    {{"f[2, 1]"}, AROUND(LIST(3, 2), LIST(0, 4), REPLICATE)},
    {{"f[3, 2]"}, AROUND(LIST(3, 1), LIST(2, 2), CIRCULAR)},
    {{"f[5]"}, AROUND(LIST(-1), LIST(4), CIRCULAR)},
    {{"f[2]"}, NULL},
    {{"f[]"}, NULL},
    {{"i[3]"}, AROUND(LIST(1), LIST(2), CIRCULAR)},
};

const yg_op yg_op_pad = {
    .name = "pad",
    .formula = "y[before + i · (1 + interior)] = x[i]; elsewhere what `mode` says",
    .doc = "Adds elements around the last dimensions, and constants between neighbours if asked. "
           "The last entry of a list is for the last dimension. A reflection must be shorter than "
           "the dimension, a circular one at most as long.",
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
