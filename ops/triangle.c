/*
 * One side of a diagonal: see triangle.h.
 */
#include "triangle.h"

#include "build.h"
#include "registry.h"

/* The numbers first, first + 1, … as a column or as a row of `size`. They are i32 where that holds
 * them, since comparing them takes half the time then. */
static yg_node count_along(yg_graph *graph, yg_dtype dtype, int64_t first, int64_t size,
                           bool column) {
    const yg_attr range[] = {
        {.i = first}, {.count = 1, .ints = {first + size}}, {.i = 1}, {.i = dtype}};
    const yg_type shape = {
        .dtype = dtype, .rank = 2, .shape = {column ? size : 1, column ? 1 : size}};
    return yg_reshape(graph, yg_apply(graph, &yg_op_arange, NULL, 0, range), &shape);
}

size_t yg_triangle(yg_graph *graph, const yg_infer *call, yg_node x, bool upper, yg_node *result) {
    const yg_type *type = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (type->rank < 2) {
        yg_graph_fail(graph, YG_ERROR_SHAPE, "%s: %s is not a matrix", call->op->name,
                      yg_type_text(type, text));
        return 0;
    }
    const int64_t rows = type->shape[type->rank - 2], columns = type->shape[type->rank - 1];
    /* Farther diagonals keep all or nothing, as these do, and do not overflow. */
    const int64_t given = call->attrs[0].i;
    const int64_t diagonal = given > columns ? columns : given < -rows ? -rows : given;
    const bool narrow = rows <= INT32_MAX / 2 && columns <= INT32_MAX / 2;
    const yg_dtype dtype = narrow ? YG_I32 : YG_I64;
    const yg_node row = count_along(graph, dtype, diagonal, rows, true);
    const yg_node column = count_along(graph, dtype, 0, columns, false);
    const yg_node kept =
        upper ? yg_greater_equal(graph, column, row) : yg_less_equal(graph, column, row);
    *result = yg_where(graph, kept, x, yg_scalar(graph, type->dtype, 0));
    return 1;
}

double yg_triangle_reference(const yg_reference *reference, const int64_t *index, bool upper) {
    const int rank = reference->out_type->rank;
    const int64_t distance = index[rank - 1] - index[rank - 2];
    const int64_t diagonal = reference->call->attrs[0].i;
    return (upper ? distance >= diagonal : distance <= diagonal) ? yg_at(reference, 0, index) : 0;
}

const yg_attr_spec yg_triangle_attrs[1] = {{
    .name = "diagonal",
    .kind = YG_ATTR_INT,
    .doc = "the last diagonal that is kept: 0 is the main one, 1 the next above it",
}};

static const yg_attr above[] = {{.i = 1}}, below[] = {{.i = -2}}, far[] = {{.i = INT64_MIN}};

const yg_sample yg_triangle_samples[YG_TRIANGLE_SAMPLES] = {
    {{"f[3, 3]"}, NULL},       {{"f[2, 4]"}, above}, {{"f[2, 4, 3]"}, below}, {{"f[3, 2]"}, far},
    {{"f[2, 2, 1, 3]"}, NULL}, {{"f[0, 3]"}, NULL},  {{"i[3, 4]"}, above},    {{"b[3, 3]"}, NULL},
};
