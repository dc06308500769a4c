/*
 * transpose: y is x with two dimensions exchanged, by default the last two: yᵀ of a matrix.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const int rank = call->operands[0].rank;
    char text[YG_TYPE_TEXT];
    if (rank < 2) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "transpose: %s has no two dimensions to exchange",
                      yg_type_text(&call->operands[0], text));
        return 0;
    }
    int a, b;
    if (!yg_compose_dim(graph, call, call->attrs[0].i, rank, &a) ||
        !yg_compose_dim(graph, call, call->attrs[1].i, rank, &b))
        return 0;
    int64_t order[YG_MAX_RANK];
    for (int d = 0; d < rank; d++)
        order[d] = d == a ? b : d == b ? a : d;
    results[0] = yg_permute(graph, operands[0], order);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int rank = r->call->operands[0].rank;
    const int64_t a = r->call->attrs[0].i, b = r->call->attrs[1].i;
    const int64_t first = a < 0 ? a + rank : a, second = b < 0 ? b + rank : b;
    int64_t at[YG_MAX_RANK];
    for (int d = 0; d < rank; d++)
        at[d] = index[d == first ? second : d == second ? first : d];
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "dim0",
     .kind = YG_ATTR_INT,
     .fallback = {.i = -2},
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "one of the dimensions"},
    {.name = "dim1",
     .kind = YG_ATTR_INT,
     .fallback = {.i = -1},
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the other"},
};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, NULL},
    {{"f[2, 3, 4]"}, NULL},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.i = 0}, {.i = -1}}},
    {{"f[2, 3]"}, (const yg_attr[]){{.i = 1}, {.i = 1}}},
    {{"f[0, 3]"}, NULL},
};

const yg_op yg_op_transpose = {
    .name = "transpose",
    .formula = "y[…, j, …, i, …] = x[…, i, …, j, …]",
    .doc = "Exchanges two dimensions, by default the last two: a matrix's transpose.",
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
