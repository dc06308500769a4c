/*
 * concat: y holds the operands one after the other along dimension `dim`. All other dimensions are
 * equal.
 *
 * vjp: the cotangent of an operand is a slice of dy.
 */
#include "build.h"
#include "copy.h"
#include "registry.h"
#include "shape.h"
#include "turn.h"

#include <string.h>

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *first = &call->operands[0];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (first->rank == 0)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "concat: %s has no dimension to join along; stack makes one",
                       yg_type_text(first, a));
    int dim;
    if (!yg_shape_dim(call, call->attrs[0].i, first->rank, &dim, error))
        return false;
    yg_type joined = *first;
    for (size_t k = 1; k < call->operand_count; k++) {
        const yg_type *next = &call->operands[k];
        if (next->dtype != first->dtype)
            return yg_fail(error, YG_ERROR_DTYPE, call->origin,
                           "concat: %s and %s have different element types", yg_type_text(first, a),
                           yg_type_text(next, b));
        yg_type other = *next;
        other.shape[dim] = first->shape[dim];
        if (!yg_shape_equal(&other, first))
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "concat: %s and %s differ in more than dimension %d",
                           yg_type_text(first, a), yg_type_text(next, b), dim);
        if (__builtin_add_overflow(joined.shape[dim], next->shape[dim], &joined.shape[dim]))
            return yg_fail(error, YG_ERROR_MEMORY, call->origin, "concat: the result is too large");
    }
    return yg_type_make(joined.dtype, joined.rank, joined.shape, result, error);
}

/* So many bytes of the result are written together, part by part: they stay in the L1 cache until
 * all parts are there. */
enum { BLOCK_BYTES = 16 * 1024 };

/* Parts of one element in each row: they are the columns of a matrix, which is transposed. */
enum { BLOCK_ROWS = 256, MOST_COLUMNS = 16 };

/* Whether each operand has one element in each row, and there are few operands. */
static bool are_columns(const yg_kernel_call *call, int dim) {
    bool are = call->operand_count <= MOST_COLUMNS;
    for (size_t k = 0; are && k < call->operand_count; k++)
        are = yg_shape_product(call->in_types[k]->shape, dim, call->in_types[k]->rank) == 1;
    return are;
}

static void join_columns(const yg_kernel_call *call, size_t element, char *out, int64_t first,
                         int64_t rows) {
    char columns[MOST_COLUMNS * BLOCK_ROWS * sizeof(uint64_t)];
    const int64_t width = (int64_t)call->operand_count;
    for (size_t k = 0; k < call->operand_count; k++)
        memcpy(columns + k * (size_t)rows * element,
               (const char *)call->in[k] + (size_t)first * element, (size_t)rows * element);
    yg_turn_for(element)(out, width, columns, rows, rows, width);
}

static void join_blocks(const yg_kernel_call *call, int dim, size_t element, char *out,
                        int64_t first, int64_t rows) {
    const yg_type *y = call->out_type;
    const int64_t width = yg_shape_product(y->shape, dim, y->rank);
    for (size_t k = 0; k < call->operand_count; k++) {
        const yg_type *x = call->in_types[k];
        const int64_t columns = yg_shape_product(x->shape, dim, x->rank);
        const yg_box box = {.rank = 2,
                            .size = {rows, columns},
                            .to_stride = {width, 1},
                            .from_stride = {columns, 1}};
        yg_copy_box(&box, element, out,
                    (const char *)call->in[k] + (size_t)(first * columns) * element);
        out += (size_t)columns * element;
    }
}

/* Units [begin, end) of the result's dimensions before `dim`. */
static void join_rows(const yg_kernel_call *call, int dim) {
    const yg_type *y = call->out_type;
    const int64_t width = yg_shape_product(y->shape, dim, y->rank);
    const size_t element = yg_dtype_size(y->dtype), row = (size_t)width * element;
    const bool columns = are_columns(call, dim);
    int64_t block = row < BLOCK_BYTES ? BLOCK_BYTES / (int64_t)(row > 0 ? row : 1) : 1;
    if (columns && block > BLOCK_ROWS)
        block = BLOCK_ROWS;
    for (int64_t first = call->begin; first < call->end && row > 0; first += block) {
        const int64_t left = call->end - first, rows = left < block ? left : block;
        char *out = (char *)call->out + (size_t)first * row;
        if (columns)
            join_columns(call, element, out, first, rows);
        else
            join_blocks(call, dim, element, out, first, rows);
    }
}

/* Operands [begin, end): one after the other. */
static void join_operands(const yg_kernel_call *call) {
    char *out = call->out;
    for (int64_t k = 0; k < call->end; k++) {
        const size_t part = (size_t)yg_type_bytes(call->in_types[k]);
        if (k >= call->begin && call->in[k] != out) /* else its kernel wrote it there already */
            memcpy(out, call->in[k], part);
        out += part;
    }
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const yg_type *y = call->out_type;
    int dim = 0;
    yg_dimension(call->attrs[0].i, y->rank, &dim);
    if (yg_shape_product(y->shape, 0, dim) == 1)
        join_operands(call);
    else
        join_rows(call, dim);
    return true;
}

/* A unit of work is one index into the dimensions before `dim`. If all of those are 1, the operands
 * lie one after the other in the result, and a unit is an operand. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[0].i, results->rank, &dim);
    plan->units = yg_shape_product(results->shape, 0, dim);
    plan->joins = plan->units == 1;
    if (plan->joins)
        plan->units = (int64_t)call->operand_count;
}

static void vjp_list(yg_graph *graph, yg_node y, yg_node dy, const bool *asked,
                     yg_node *cotangents) {
    const yg_type *type = yg_node_type(graph, y);
    int dim = 0;
    yg_dimension(yg_node_attrs(graph, y)[0].i, type->rank, &dim);
    int64_t start[YG_MAX_RANK] = {0}, stop[YG_MAX_RANK], step[YG_MAX_RANK];
    for (int d = 0; d < type->rank; d++) {
        stop[d] = type->shape[d];
        step[d] = 1;
    }
    const size_t count = yg_node_operand_count(graph, y);
    for (size_t k = 0; k < count; k++) {
        stop[dim] = start[dim] + yg_node_type(graph, yg_node_operand(graph, y, k))->shape[dim];
        if (asked[k])
            cotangents[k] = yg_slice(graph, dy, start, stop, step);
        start[dim] = stop[dim];
    }
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)graph;
    return call->operand_count == 1 ? operands[0] : YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t given = r->call->attrs[0].i;
    const int64_t dim = given < 0 ? given + r->out_type->rank : given;
    int64_t at[YG_MAX_RANK];
    memcpy(at, index, (size_t)r->out_type->rank * sizeof *at);
    size_t k = 0;
    for (; at[dim] >= r->call->operands[k].shape[dim]; k++)
        at[dim] -= r->call->operands[k].shape[dim];
    return yg_at(r, k, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension along which the operands follow each other"},
};

static const yg_sample samples[] = {
    {{"f[2]", "f[3]"}, NULL},
    {{"f[2, 3]", "f[1, 3]", "f[0, 3]"}, NULL},
    {{"f[2, 3]", "f[2, 1]", "f[2, 2]", "f[2, 4]"}, (const yg_attr[]){{.i = -1}}},
    {{"f[2, 1, 2]", "f[2, 3, 2]"}, (const yg_attr[]){{.i = 1}}},
    {{"f[2, 2]"}, (const yg_attr[]){{.i = 1}}},
    {{"i[2]", "i[1]"}, NULL},
    {{"b[2]", "b[3]"}, NULL},
    {{"f[19, 1]", "f[19, 1]", "f[19, 1]"}, (const yg_attr[]){{.i = 1}}},
    {{"f[7, 1]", "f[7, 1]"}, (const yg_attr[]){{.i = 1}}},
    {{"f[2, 0]", "f[2, 2]"}, (const yg_attr[]){{.i = 1}}},
    {{"b[300, 1]", "b[300, 1]", "b[300, 1]", "b[300, 1]", "b[300, 1]"},
     (const yg_attr[]){{.i = 1}}},
    {{"f[3, 17]", "f[3, 9]", "f[3, 5]"}, (const yg_attr[]){{.i = 1}}},
};

const yg_op yg_op_concat = {
    .name = "concat",
    .formula = "y = [a, b, …] along dim",
    .doc = "Joins tensors of one element type, equal in all other dimensions.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = YG_ANY_COUNT,
    .operand_names = {"parts"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_LIST,
    .infer = infer,
    .kernel = {[YG_BOOL] = kernel,
               [YG_I32] = kernel,
               [YG_I64] = kernel,
               [YG_F32] = kernel,
               [YG_F64] = kernel},
    .plan = plan,
    .vjp_list = vjp_list,
    .simplify = simplify,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
