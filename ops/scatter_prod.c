/*
 * scatter_prod: y = x, and y[i, …, index[i, j, …], …] *= src[i, j, …] for each element of the
 * index, which takes the place of dimension `dim`.
 *
 * What scatter_reduce multiplies with. The kernel may write over x.
 *
 * The derivative is that of the definition: along `dim` the elements are sorted by their place, and
 * those of one place are a product that runs on, a linear recurrence. Its gradient divides by
 * nothing, so it is right at zeros, at any order.
 */
#include "build.h"
#include "registry.h"
#include "scatter_kernel.h"

enum { X, INDEX, SRC };

/* Integers are multiplied as unsigned numbers, because signed overflow is undefined in C. */
#define MULTIPLY(to, from) (to) *= (from)
YG_SCATTER_KERNEL(kernel_i32, "scatter_reduce", uint32_t, MULTIPLY)
YG_SCATTER_KERNEL(kernel_i64, "scatter_reduce", uint64_t, MULTIPLY)
YG_SCATTER_KERNEL(kernel_f32, "scatter_reduce", float, MULTIPLY)
YG_SCATTER_KERNEL(kernel_f64, "scatter_reduce", double, MULTIPLY)

/* The part of src that the index reaches. */
static yg_node reached(yg_graph *graph, yg_node src, const yg_type *index) {
    for (int d = 0; d < index->rank; d++)
        src = yg_slice_along(graph, src, d, 0, index->shape[d]);
    return src;
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type *x = &call->operands[X], *index = &call->operands[INDEX];
    const yg_attr sorting[] = {call->attrs[0], {.i = 0}};
    int dim = 0;
    yg_dimension(call->attrs[0].i, x->rank, &dim);
    results[0] = x->rank == 0 ? yg_multiply(graph, operands[X], operands[SRC]) : operands[X];
    if (x->rank == 0 || yg_type_count(index) == 0)
        return results[0] != YG_NONE;
    yg_node sorted[2]; /* places, and where each stood */
    if (yg_apply_all(graph, &yg_op_sort, &operands[INDEX], 1, sorting, sorted, 2) == 0)
        return 0;
    const yg_node from_src[] = {reached(graph, operands[SRC], index), sorted[1]};
    const yg_node from_x[] = {operands[X], sorted[0]};
    const yg_node factors = yg_apply(graph, &yg_op_gather, from_src, 2, call->attrs);
    const yg_node starts = yg_apply(graph, &yg_op_gather, from_x, 2, call->attrs);
    const yg_node same =
        yg_equal(graph, sorted[0], yg_shift_along(graph, sorted[0], dim, false, -1));
    const yg_node zero = yg_scalar(graph, x->dtype, 0), one = yg_scalar(graph, x->dtype, 1);
    /* What does not count is replaced before it is multiplied: an infinity times the cotangent 0
     * would be NaN. */
    const yg_node first =
        yg_multiply(graph, yg_where(graph, same, one, starts), yg_where(graph, same, one, factors));
    const yg_node steps[] = {yg_where(graph, same, factors, zero),
                             yg_where(graph, same, zero, first)};
    const yg_attr along[] = {{.i = dim}, {.i = 0}};
    /* Of several products for one place scatter keeps the last, which is the whole one. */
    const yg_node put[] = {operands[X], sorted[0],
                           yg_apply(graph, &yg_op_linear_recurrence, steps, 2, along)};
    results[0] = yg_apply(graph, &yg_op_scatter, put, 3, call->attrs);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[X];
    int dim = 0;
    yg_dimension(r->call->attrs[0].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double product = yg_at(r, X, index);
    const int64_t length = x->rank == 0 ? 1 : r->call->operands[INDEX].shape[dim];
    for (at[dim] = 0; at[dim] < length; at[dim]++)
        if (yg_scatter_meets(r, at, index, dim))
            product *= yg_at(r, SRC, at);
    return product;
}

const yg_op yg_op_scatter_prod = {
    .name = "scatter_prod",
    .formula =
        "y = x; y[index[i, j], j] *= src[i, j] for dim = 0, y[i, index[i, j]] for dim = 1, …",
    .doc = "Multiplies elements of x with those of src: what scatter_reduce is made of.",
    .group = "indexing",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"x", "index", "src"},
    .attrs = yg_index_walk_dim,
    .attr_count = 1,
    .flags = YG_OP_IN_PLACE | YG_OP_INTERNAL,
    .infer = yg_scatter_infer,
    .kernel = {[YG_I32] = kernel_i32,
               [YG_I64] = kernel_i64,
               [YG_F32] = kernel_f32,
               [YG_F64] = kernel_f64},
    .plan = yg_scatter_plan,
    .compose = definition,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}, {-2, 2}},
    .samples = yg_scatter_samples,
    .sample_count = YG_SCATTER_SAMPLES,
};
