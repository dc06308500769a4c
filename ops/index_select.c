/*
 * index_select: y[…, i, …] = x[…, index[i], …] along dimension `dim`.
 *
 * x [a…, n, b…], index [m] of integers → y [a…, m, b…].
 * vjp: dx[…, j, …] = Σ dy[…, i, …] where index[i] = j (index_add).
 */
#include "build.h"
#include "index_walk.h"
#include "multiversion.h"
#include "registry.h"

#include <string.h>

enum { X, INDEX };

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[X], *index = &call->operands[INDEX];
    int dim;
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_shape_need_index(call, INDEX, error) ||
        !yg_shape_dim(call, call->attrs[0].i, x->rank, &dim, error))
        return false;
    if (x->rank == 0 || index->rank != 1)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "index_select: takes the elements of %s that a vector of indices names, "
                       "not %s",
                       yg_type_text(x, a), yg_type_text(index, b));
    *result = *x;
    result->shape[dim] = index->shape[0];
    return yg_type_make(x->dtype, x->rank, result->shape, result, error);
}

/* Elements behind each index: the product of the dimensions after `dim`. */
static int64_t inner_of(const yg_type *y, const yg_attr *attrs) {
    int dim = 0;
    yg_dimension(attrs[0].i, y->rank, &dim);
    return yg_shape_product(y->shape, dim + 1, y->rank);
}

/* A unit of work is one index into the dimensions before `dim`; where there are elements behind
 * `dim`, it is one index into `dim` as well. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[0].i, results->rank, &dim);
    const bool blocks = inner_of(results, call->attrs) > 1;
    plan->units = yg_shape_product(results->shape, 0, blocks ? dim + 1 : dim);
    plan->rows = plan->units;
    plan->whole = 1 << X | 1 << INDEX;
}

/* Rows of single elements. */
#define PICK(name, element, number)                                                                \
    YG_MULTIVERSION static void name(element *to, const element *from, const number *index,        \
                                     int64_t count) {                                              \
        for (int64_t i = 0; i < count; i++)                                                        \
            to[i] = from[index[i]];                                                                \
    }
PICK(pick_1_i32, uint8_t, int32_t)
PICK(pick_4_i32, uint32_t, int32_t)
PICK(pick_8_i32, uint64_t, int32_t)
PICK(pick_1_i64, uint8_t, int64_t)
PICK(pick_4_i64, uint32_t, int64_t)
PICK(pick_8_i64, uint64_t, int64_t)

static void pick(size_t element, bool narrow, void *to, const void *from, const void *index,
                 int64_t count) {
    switch (element) {
    case 1:
        narrow ? pick_1_i32(to, from, index, count) : pick_1_i64(to, from, index, count);
        return;
    case 4:
        narrow ? pick_4_i32(to, from, index, count) : pick_4_i64(to, from, index, count);
        return;
    default:
        narrow ? pick_8_i32(to, from, index, count) : pick_8_i64(to, from, index, count);
    }
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const yg_type *x = call->in_types[X], *y = call->out_type;
    int dim = 0;
    yg_dimension(call->attrs[0].i, x->rank, &dim);
    const int64_t inner = inner_of(y, call->attrs);
    const int64_t size = x->shape[dim], count = y->shape[dim];
    const size_t element = yg_dtype_size(y->dtype);
    const bool narrow = call->in_types[INDEX]->dtype == YG_I32;
    if (!yg_index_check(call, "index_select", INDEX, 0, count, size, error))
        return false;
    const char *from = call->in[X];
    char *to = call->out;
    if (inner == 1) {
        for (int64_t o = call->begin; o < call->end; o++)
            pick(element, narrow, to + (size_t)(o * count) * element,
                 from + (size_t)(o * size) * element, call->in[INDEX], count);
        return true;
    }
    const size_t block = (size_t)inner * element;
    for (int64_t u = call->begin; u < call->end; u++) {
        const int64_t o = u / count, i = u % count;
        const int64_t at =
            narrow ? ((const int32_t *)call->in[INDEX])[i] : ((const int64_t *)call->in[INDEX])[i];
        memcpy(to + (size_t)u * block, from + (size_t)(o * size + at) * block, block);
    }
    return true;
}

static yg_node vjp_add(yg_graph *graph, yg_node y, yg_node dy, size_t k, yg_node sum) {
    (void)k; /* always that of x: the index is an integer tensor and has no cotangent */
    const yg_node operands[] = {sum, yg_node_operand(graph, y, INDEX), dy};
    return yg_apply(graph, &yg_op_index_add, operands, 3, yg_node_attrs(graph, y));
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node zeros = yg_full(graph, yg_node_type(graph, yg_node_operand(graph, y, X)), 0);
    return vjp_add(graph, y, dy, k, zeros);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[X];
    int dim = 0;
    yg_dimension(r->call->attrs[0].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    at[dim] = (int64_t)yg_at(r, INDEX, &index[dim]);
    return yg_at(r, X, at);
}

static const yg_attr first[] = {{.i = 0}}, second[] = {{.i = 1}}, last[] = {{.i = -1}};

/* The tests draw indices from 0 to 2: see `domain`. */
static const yg_sample samples[] = {
    {{"f[3]", "i[5]"}, first},        {{"f[3, 4]", "i[5]"}, first}, {{"f[2, 3]", "i[4]"}, last},
    {{"f[2, 3, 2]", "i[5]"}, second}, {{"f[3, 2]", "i[0]"}, first}, {{"f[3, 0]", "i[2]"}, first},
    {{"i[4, 3]", "i[2]"}, second},    {{"b[3]", "i[7]"}, first},
};

const yg_op yg_op_index_select = {
    .name = "index_select",
    .formula = "y[…, i, …] = x[…, index[i], …] along dim",
    .doc = "Takes the parts of x that a vector of indices names, as torch.index_select. An index "
           "that is not there stops the run.",
    .group = "indexing",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "index"},
    .attrs = yg_index_walk_dim,
    .attr_count = 1,
    .infer = infer,
    .kernel = {[YG_I32] = kernel, [YG_I64] = kernel},
    .plan = plan,
    .vjp = vjp,
    .vjp_add = vjp_add,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
