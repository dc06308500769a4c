/*
 * movedim: y is x with dimension source[i] moved to place destination[i]; the others keep their
 * order.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

enum { SOURCE, DESTINATION };

/* Writes dimension order[i] of x, which stands at place i of y. */
static bool read_order(yg_graph *graph, const yg_infer *call, int64_t *order) {
    const int rank = call->operands[0].rank;
    const yg_attr *from = &call->attrs[SOURCE], *to = &call->attrs[DESTINATION];
    bool moved[YG_MAX_RANK] = {false}, taken[YG_MAX_RANK] = {false};
    char text[YG_TYPE_TEXT];
    yg_type_text(&call->operands[0], text);
    if (from->count != to->count || (rank == 0 && from->count > 0)) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT,
                      "movedim: source and destination of %s need as many dimensions", text);
        return false;
    }
    for (int64_t i = 0; i < from->count; i++) {
        int source, destination;
        if (!yg_compose_dim(graph, call, from->ints[i], rank, &source) ||
            !yg_compose_dim(graph, call, to->ints[i], rank, &destination))
            return false;
        if (moved[source] || taken[destination]) {
            yg_graph_fail(graph, YG_ERROR_ARGUMENT, "movedim: a dimension of %s is named twice",
                          text);
            return false;
        }
        moved[source] = taken[destination] = true;
        order[destination] = source;
    }
    for (int d = 0, place = 0; d < rank; d++) {
        if (moved[d])
            continue;
        while (taken[place])
            place++;
        order[place++] = d;
    }
    return true;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    int64_t order[YG_MAX_RANK];
    if (!read_order(graph, call, order))
        return 0;
    results[0] = yg_permute(graph, operands[0], order);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int rank = r->out_type->rank;
    const yg_attr *attrs = r->call->attrs;
    int64_t at[YG_MAX_RANK] = {0};
    int source[YG_MAX_RANK] = {0}, destination[YG_MAX_RANK] = {0}, next = 0;
    bool moved[YG_MAX_RANK] = {false};
    for (int64_t i = 0; i < attrs[SOURCE].count; i++) {
        yg_dimension(attrs[SOURCE].ints[i], rank, &source[i]);
        yg_dimension(attrs[DESTINATION].ints[i], rank, &destination[i]);
        moved[source[i]] = true;
    }
    for (int place = 0; place < rank; place++) {
        int from = -1;
        for (int64_t i = 0; i < attrs[SOURCE].count; i++)
            from = destination[i] == place ? source[i] : from;
        while (from < 0 && moved[next])
            next++;
        at[from < 0 ? next++ : from] = index[place];
    }
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    [SOURCE] = {.name = "source",
                .kind = YG_ATTR_INTS,
                .required = true,
                .min = -YG_MAX_RANK,
                .max = YG_MAX_RANK - 1,
                .doc = "the dimensions to move"},
    [DESTINATION] = {.name = "destination",
                     .kind = YG_ATTR_INTS,
                     .required = true,
                     .min = -YG_MAX_RANK,
                     .max = YG_MAX_RANK - 1,
                     .doc = "where each of them goes"},
};

#define LIST(...) .count = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), .ints = {__VA_ARGS__}
static const yg_sample samples[] = {
    {{"f[2, 3, 4]"}, (const yg_attr[]){{LIST(0)}, {LIST(-1)}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{LIST(2, 0)}, {LIST(0, 1)}}},
    {{"f[2, 3]"}, (const yg_attr[]){{LIST(1)}, {LIST(1)}}},
    {{"f[]"}, (const yg_attr[]){{0}, {0}}},
};

const yg_op yg_op_movedim = {
    .name = "movedim",
    .formula = "y[…, i at destination, …] = x[…, i at source, …]",
    .doc = "Moves dimensions to other places; the others keep their order. movedim(x, 1, -1) puts "
           "the channels last.",
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
