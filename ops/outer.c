/*
 * outer: y[i, j] = a[i] · b[j], of two vectors.
 */
#include "build.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *a = &call->operands[0], *b = &call->operands[1];
    char text[2][YG_TYPE_TEXT];
    if (a->rank != 1 || b->rank != 1) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "outer: takes two vectors, not %s and %s",
                      yg_type_text(a, text[0]), yg_type_text(b, text[1]));
        return 0;
    }
    const yg_type column = {.dtype = a->dtype, .rank = 2, .shape = {a->shape[0], 1}};
    results[0] = yg_multiply(graph, yg_reshape(graph, operands[0], &column), operands[1]);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, &index[0]) * yg_at(r, 1, &index[1]);
}

static const yg_sample samples[] = {
    {{"f[3]", "f[4]"}, NULL},
    {{"f[1]", "f[2]"}, NULL},
    {{"f[0]", "f[2]"}, NULL},
    {{"i[2]", "i[3]"}, NULL},
};

const yg_op yg_op_outer = {
    .name = "outer",
    .formula = "y[i, j] = a[i] · b[j]",
    .doc = "The products of all pairs of elements of two vectors.",
    .group = "linear algebra",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
