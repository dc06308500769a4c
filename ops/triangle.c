/*
 * One side of a diagonal: see triangle.h.
 */
#include "triangle.h"

#include "build.h"
#include "multiversion.h"
#include "registry.h"
#include "shape.h"

#include <string.h>

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

/* The diagonal that is asked for. Farther ones keep all or nothing, as the first and the last do,
 * and do not overflow. */
static int64_t diagonal_of(const yg_type *type, const yg_attr *attrs) {
    const int64_t rows = type->shape[type->rank - 2], columns = type->shape[type->rank - 1];
    const int64_t given = attrs[0].i;
    return given > columns ? columns : given < -rows ? -rows : given;
}

size_t yg_triangle(yg_graph *graph, const yg_infer *call, yg_node x, bool upper, yg_node *result) {
    const yg_type *type = &call->operands[0];
    const int64_t rows = type->shape[type->rank - 2], columns = type->shape[type->rank - 1];
    const int64_t diagonal = diagonal_of(type, call->attrs);
    const bool narrow = rows <= INT32_MAX / 2 && columns <= INT32_MAX / 2;
    const yg_dtype dtype = narrow ? YG_I32 : YG_I64;
    const yg_node row = count_along(graph, dtype, diagonal, rows, true);
    const yg_node column = count_along(graph, dtype, 0, columns, false);
    const yg_node kept =
        upper ? yg_greater_equal(graph, column, row) : yg_less_equal(graph, column, row);
    *result = yg_where(graph, kept, x, yg_scalar(graph, type->dtype, 0));
    return 1;
}

bool yg_triangle_infer(const yg_infer *call, yg_type *result, yg_error *error) {
    char text[YG_TYPE_TEXT];
    *result = call->operands[0];
    return result->rank >= 2 ||
           yg_fail(error, YG_ERROR_SHAPE, call->origin, "%s: %s is not a matrix", call->op->name,
                   yg_type_text(result, text));
}

void yg_triangle_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = plan->rows = yg_shape_product(results->shape, 0, results->rank - 1);
}

/* Where the two sides of row `row` of a matrix meet: the column behind the lower side, or the first
 * of the upper one. */
static int64_t cut_of(int64_t row, int64_t columns, int64_t diagonal, bool upper) {
    const int64_t cut = row + diagonal + (upper ? 0 : 1);
    return cut < 0 ? 0 : cut > columns ? columns : cut;
}

YG_MULTIVERSION static void keep_bits(char *y, const char *x, const char *mask, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        y[i] = x[i] & mask[i];
}

/* Small matrices: they all have the same mask, for which there is room. */
static void run_small(const yg_kernel_call *call, int64_t rows, int64_t columns, bool upper,
                      char *mask) {
    const int64_t diagonal = diagonal_of(call->out_type, call->attrs);
    const int64_t bytes = columns * (int64_t)yg_dtype_size(call->out_type->dtype);
    for (int64_t r = 0; r < rows; r++) {
        const int64_t cut = cut_of(r, columns, diagonal, upper) * (bytes / columns);
        memset(mask + r * bytes, upper ? 0 : -1, (size_t)cut);
        memset(mask + r * bytes + cut, upper ? -1 : 0, (size_t)(bytes - cut));
    }
    for (int64_t unit = call->begin; unit < call->end;) {
        const int64_t row = unit % rows, left = call->end - unit;
        const int64_t count = rows - row < left ? rows - row : left;
        keep_bits((char *)call->out + unit * bytes, (const char *)call->in[0] + unit * bytes,
                  mask + row * bytes, (size_t)(count * bytes));
        unit += count;
    }
}

bool yg_triangle_run(const yg_kernel_call *call, bool upper) {
    enum { SMALL = 8 * 1024 }; /* bytes of a matrix whose mask stays in the L1 cache */
    const yg_type *type = call->out_type;
    const int64_t rows = type->shape[type->rank - 2], columns = type->shape[type->rank - 1];
    const int64_t diagonal = diagonal_of(type, call->attrs);
    const size_t element = yg_dtype_size(type->dtype), bytes = (size_t)columns * element;
    if (call->end - call->begin > rows && (size_t)rows * bytes <= SMALL) {
        char mask[SMALL];
        run_small(call, rows, columns, upper, mask);
        return true;
    }
    for (int64_t unit = call->begin; unit < call->end; unit++) {
        char *y = (char *)call->out + (size_t)unit * bytes;
        const char *x = (const char *)call->in[0] + (size_t)unit * bytes;
        const size_t cut = (size_t)cut_of(unit % rows, columns, diagonal, upper) * element;
        memset(upper ? y : y + cut, 0, upper ? cut : bytes - cut);
        memcpy(upper ? y + cut : y, upper ? x + cut : x, upper ? bytes - cut : cut);
    }
    return true;
}

yg_node yg_triangle_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_apply(graph, yg_node_op(graph, y), &dy, 1, yg_node_attrs(graph, y));
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
    {{"f[3, 3]"}, NULL}, {{"f[2, 4]"}, above},      {{"f[2, 4, 3]"}, below},
    {{"f[3, 2]"}, far},  {{"f[2, 2, 1, 3]"}, NULL}, {{"f[0, 3]"}, NULL},
    {{"f[2, 0]"}, NULL}, {{"i[3, 4]"}, above},      {{"b[3, 3]"}, NULL},
};
