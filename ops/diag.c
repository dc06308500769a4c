/*
 * diag: of a vector, the matrix with it on a diagonal and 0 elsewhere; of a matrix, a diagonal.
 *
 * A composite: a matrix of n columns as one row has its diagonal n + 1 elements apart, so the
 * vector is padded with n zeros between its elements.
 */
#include "build.h"
#include "registry.h"

static size_t make_matrix(yg_graph *graph, const yg_type *x, yg_node vector, int64_t diagonal,
                          yg_node *results) {
    const int64_t distance = diagonal < 0 ? -diagonal : diagonal;
    char text[YG_TYPE_TEXT];
    yg_type matrix = {.dtype = x->dtype, .rank = 2};
    int64_t n;
    if (__builtin_add_overflow(x->shape[0], distance, &n) ||
        !yg_type_make(x->dtype, 2, (const int64_t[]){n, n}, &matrix, NULL)) {
        yg_graph_fail(graph, YG_ERROR_MEMORY, "diag: the matrix of %s becomes too large",
                      yg_type_text(x, text));
        return 0;
    }
    if (x->shape[0] == 0) {
        results[0] = yg_full(graph, &matrix, 0);
        return 1;
    }
    const int64_t before = diagonal < 0 ? distance * n : distance;
    const int64_t covered = x->shape[0] + (x->shape[0] - 1) * n;
    const yg_attr pad[] = {{.count = 1, .ints = {before}},
                           {.count = 1, .ints = {n * n - before - covered}},
                           {0},
                           {.count = 1, .ints = {n}}};
    results[0] = yg_reshape(graph, yg_apply(graph, &yg_op_constant_pad, &vector, 1, pad), &matrix);
    return 1;
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (x->rank == 1)
        return make_matrix(graph, x, operands[0], call->attrs[0].i, results);
    if (x->rank != 2) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "diag: %s is neither a vector nor a matrix",
                      yg_type_text(x, text));
        return 0;
    }
    const yg_attr diagonal[] = {call->attrs[0], {.i = 0}, {.i = 1}};
    results[0] = yg_apply(graph, &yg_op_diagonal, operands, 1, diagonal);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t diagonal = r->call->attrs[0].i;
    const int64_t down = diagonal < 0 ? -diagonal : 0, right = diagonal > 0 ? diagonal : 0;
    if (r->call->operands[0].rank == 2)
        return yg_at(r, 0, (const int64_t[]){index[0] + down, index[0] + right});
    return index[1] - index[0] == diagonal ? yg_at(r, 0, (const int64_t[]){index[0] - down}) : 0;
}

static const yg_attr_spec attrs[] = {
    {.name = "diagonal",
     .kind = YG_ATTR_INT,
     .min = -9e18,
     .max = 9e18,
     .doc = "which diagonal: 0 is the main one, 1 the next above it"},
};

static const yg_attr above[] = {{.i = 1}}, below[] = {{.i = -2}};

static const yg_sample samples[] = {
    {{"f[3]"}, NULL},     {{"f[3]"}, above},   {{"f[2]"}, below},    {{"f[1]"}, NULL},
    {{"f[0]"}, above},    {{"f[3, 3]"}, NULL}, {{"f[3, 2]"}, below}, {{"f[2, 3]"}, above},
    {{"f[2, 3]"}, below}, {{"i[3]"}, above},
};

const yg_op yg_op_diag = {
    .name = "diag",
    .formula = "y[i, i + diagonal] = x[i], or y[i] = x[i, i + diagonal]",
    .doc = "Of a vector, the matrix with it on a diagonal; of a matrix, a diagonal.",
    .group = "linear algebra",
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
