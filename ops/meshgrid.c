/*
 * meshgrid: one result for each of the given vectors, all of the shape of their sizes: result k is
 * vector k along dimension k, repeated along the others.
 *
 * With indexing = xy the first two dimensions are exchanged.
 */
#include "build.h"
#include "registry.h"

static size_t result_count(const yg_infer *call) {
    return call->operand_count;
}

/* The dimension along which vector `k` lies. */
static int place_of(const yg_infer *call, size_t k) {
    const bool exchanged = call->attrs[0].i && call->operand_count > 1 && k < 2;
    return (int)(exchanged ? 1 - k : k);
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const size_t count = call->operand_count;
    yg_type grid = {.dtype = call->operands[0].dtype, .rank = (int32_t)count};
    char text[YG_TYPE_TEXT];
    if (count > YG_MAX_RANK) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "meshgrid: more than %d vectors", YG_MAX_RANK);
        return 0;
    }
    for (size_t k = 0; k < count; k++) {
        if (call->operands[k].rank > 1) {
            yg_graph_fail(graph, YG_ERROR_SHAPE, "meshgrid: takes vectors, not %s",
                          yg_type_text(&call->operands[k], text));
            return 0;
        }
        grid.shape[place_of(call, k)] = yg_type_count(&call->operands[k]);
    }
    for (size_t k = 0; k < count; k++) {
        yg_type line = {.dtype = call->operands[k].dtype, .rank = grid.rank};
        for (int d = 0; d < grid.rank; d++)
            line.shape[d] = d == place_of(call, k) ? grid.shape[d] : 1;
        results[k] = yg_broadcast(graph, yg_reshape(graph, operands[k], &line), &grid);
    }
    return count;
}

/* The tests check the first result. */
static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, &index[place_of(r->call, 0)]);
}

static const char *const indexings[] = {"ij", "xy", NULL};
static const yg_attr_spec attrs[] = {
    {.name = "indexing",
     .kind = YG_ATTR_CHOICE,
     .choices = indexings,
     .doc = "ij: the first vector lies along the first dimension; xy: along the second"},
};

static const yg_attr xy[] = {{.i = 1}};

static const yg_sample samples[] = {
    {{"f[3]", "f[2]"}, NULL}, {{"f[3]", "f[2]"}, xy},  {{"f[2]", "f[3]", "f[2]"}, xy},
    {{"f[3]"}, NULL},         {{"f[]", "f[2]"}, NULL}, {{"f[0]", "f[2]"}, NULL},
};

const yg_op yg_op_meshgrid = {
    .name = "meshgrid",
    .formula = "y₀[i, j, …] = a[i], y₁[i, j, …] = b[j], …",
    .doc = "Several results: `x, y: meshgrid([a, b])` has the coordinates of each point of a grid.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = YG_ANY_COUNT,
    .operand_names = {"vectors"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_LIST,
    .result_count = result_count,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
