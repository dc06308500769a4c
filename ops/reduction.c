/*
 * The common parts of the reductions. See reduction.h.
 */
#include "reduction.h"

#include "build.h"
#include "shape.h"

#include <inttypes.h>
#include <stdlib.h>

const yg_attr_spec yg_reduction_attrs[2] = {YG_REDUCTION_ATTRS};

const yg_sample yg_reduction_samples[YG_REDUCTION_SAMPLES] = {
    {{"f[7]"}, NULL},
    {{"f[]"}, NULL},
    {{"f[2, 3, 4]"}, NULL},
    {{"f[5, 37]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}, {0}}},
    {{"f[70, 5]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {.i = 1}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 2, .ints = {0, -1}}, {0}}},
    {{"f[2, 3, 4, 2]"}, (const yg_attr[]){{.count = 2, .ints = {3, 1}}, {.i = 1}}},
    {{"f[3, 1, 2]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"f[0, 3]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"f[600]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {.i = 1}}},
};

static bool keeps_dims(const yg_infer *call) {
    return call->attrs[yg_op_attr(call->op, "keepdim")].i != 0;
}

/* Sets reduced[d] for the dimensions that `dim` names. Ignores entries that x does not have:
 * yg_reduction_dims() has reported them. */
static void mark_dims(const yg_type *x, const yg_attr *dim, bool reduced[YG_MAX_RANK]) {
    for (int d = 0; d < YG_MAX_RANK; d++)
        reduced[d] = d < x->rank && dim->count == 0;
    for (int64_t i = 0; i < dim->count; i++) {
        int d;
        if (yg_dimension(dim->ints[i], x->rank, &d))
            reduced[d] = true;
    }
}

bool yg_reduction_dims(const yg_infer *call, const yg_attr *dim, bool reduced[YG_MAX_RANK],
                       yg_error *error) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    bool seen[YG_MAX_RANK] = {false};
    for (int64_t i = 0; i < dim->count; i++) {
        int d;
        if (!yg_shape_dim(call, dim->ints[i], x->rank, &d, error))
            return false;
        if (seen[d])
            return yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                           "%s: dimension %" PRId64 " of %s is named twice", call->op->name,
                           dim->ints[i], yg_type_text(x, text));
        seen[d] = true;
    }
    mark_dims(x, dim, reduced);
    return true;
}

bool yg_reduction_infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    const bool keepdim = keeps_dims(call);
    bool reduced[YG_MAX_RANK] = {false};
    if (!yg_reduction_dims(call, &call->attrs[0], reduced, error))
        return false;
    int64_t shape[YG_MAX_RANK];
    int rank = 0;
    for (int d = 0; d < x->rank; d++) {
        if (!reduced[d])
            shape[rank++] = x->shape[d];
        else if (keepdim)
            shape[rank++] = 1;
    }
    return yg_type_make(x->dtype, rank, shape, result, error);
}

bool yg_reduction_infer_some(const yg_infer *call, yg_type *result, yg_error *error) {
    if (!yg_reduction_infer(call, result, error))
        return false;
    char text[YG_TYPE_TEXT];
    if (yg_reduction_count(&call->operands[0], &call->attrs[0]) == 0)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s: there is none over no elements: a reduced dimension of %s is 0",
                       call->op->name, yg_type_text(&call->operands[0], text));
    return true;
}

bool yg_reduction_infer_widened(const yg_infer *call, yg_type *result, yg_error *error) {
    if (!yg_reduction_infer(call, result, error))
        return false;
    const yg_dtype dtype = yg_dtype_is_float(result->dtype) ? result->dtype : YG_I64;
    return yg_type_make(dtype, result->rank, result->shape, result, error);
}

int64_t yg_reduction_count(const yg_type *x, const yg_attr *dim) {
    bool reduced[YG_MAX_RANK] = {false};
    mark_dims(x, dim, reduced);
    int64_t count = 1;
    for (int d = 0; d < x->rank; d++)
        if (reduced[d])
            count *= x->shape[d];
    return count;
}

yg_node yg_reduction_expand(yg_graph *graph, yg_node y, yg_node value) {
    const yg_type *x = yg_node_type(graph, yg_node_operand(graph, y, 0));
    bool reduced[YG_MAX_RANK] = {false};
    mark_dims(x, &yg_node_attrs(graph, y)[0], reduced);
    yg_type kept = *x;
    for (int d = 0; d < x->rank; d++)
        if (reduced[d])
            kept.shape[d] = 1;
    return yg_broadcast(graph, yg_reshape(graph, value, &kept), x);
}

yg_node yg_reduction_vjp_of_chosen(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_attr *dim = &yg_node_attrs(graph, y)[0];
    const yg_node chosen = yg_cast(graph, yg_equal(graph, x, yg_reduction_expand(graph, y, y)),
                                   yg_node_type(graph, y)->dtype);
    const yg_node ties = yg_reshape(
        graph, yg_sum(graph, chosen, dim->ints, (size_t)dim->count, true), yg_node_type(graph, y));
    return yg_multiply(graph, chosen, yg_reduction_expand(graph, y, yg_divide(graph, dy, ties)));
}

yg_node yg_reduction_simplify_idempotent(yg_graph *graph, const yg_infer *call,
                                         const yg_node *operands) {
    yg_type result;
    double value;
    if (!call->op->infer(call, &result, NULL))
        return YG_NONE;
    if (yg_reduction_count(&call->operands[0], &call->attrs[0]) == 1)
        return yg_reshape(graph, operands[0], &result);
    if (result.dtype != YG_I64 && yg_node_is_scalar(graph, operands[0], &value))
        return yg_full(graph, &result, value);
    return YG_NONE;
}

/* Appends a dimension to the lists. With `merge` it joins the last one instead, which it continues
 * in memory. */
static void append(int *rank, int64_t *sizes, int64_t *strides, bool merge, int64_t size,
                   int64_t stride) {
    if (merge) {
        sizes[*rank - 1] *= size;
        strides[*rank - 1] = stride;
        return;
    }
    sizes[*rank] = size;
    strides[*rank] = stride;
    ++*rank;
}

yg_reduction yg_reduction_order(const yg_type *x, const yg_attr *dim) {
    bool reduced[YG_MAX_RANK] = {false};
    mark_dims(x, dim, reduced);
    int64_t strides[YG_MAX_RANK];
    yg_type_strides(x, strides);

    yg_reduction order = {.rows = 1, .inner = 1, .inner_reduced = true};
    int last = -1; /* the dimension before d, without those of size 1 */
    for (int d = 0; d < x->rank; d++) {
        if (x->shape[d] == 1)
            continue;
        const bool merge = last >= 0 && reduced[last] == reduced[d];
        if (reduced[d])
            append(&order.reduced_rank, order.reduced_size, order.reduced_stride, merge,
                   x->shape[d], strides[d]);
        else
            append(&order.kept_rank, order.kept_size, order.kept_stride, merge, x->shape[d],
                   strides[d]);
        last = d;
    }
    if (last >= 0) {
        order.inner_reduced = reduced[last];
        order.inner = reduced[last] ? order.reduced_size[--order.reduced_rank]
                                    : order.kept_size[--order.kept_rank];
    }
    for (int d = 0; d < order.reduced_rank; d++)
        order.rows *= order.reduced_size[d];
    order.count = order.inner_reduced ? order.rows * order.inner : order.rows;
    return order;
}

void yg_reduction_plan_pieces(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_type *x = &call->operands[0];
    bool reduced[YG_MAX_RANK] = {false};
    mark_dims(x, &call->attrs[0], reduced);
    plan->units = yg_type_count(results);
    plan->rows = 1; /* the dimensions before the first that is reduced */
    for (int d = 0; d < x->rank && !(reduced[d] && x->shape[d] > 1); d++)
        plan->rows *= x->shape[d];
    plan->flops = (double)yg_type_count(x);
}

void yg_reduction_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    yg_reduction_plan_pieces(call, results, plan);
    yg_reduction *order = plan->prepare ? malloc(sizeof *order) : NULL;
    if (!order)
        return; /* yg_reduction_prepared() then works it out in each call */
    *order = yg_reduction_order(&call->operands[0], &call->attrs[0]);
    plan->prepared = order;
    plan->release = free;
}

void yg_reduction_plan_parts(const yg_infer *call, const yg_type *results, yg_kernel reduce,
                             yg_kernel finish, yg_op_plan *plan) {
    yg_reduction_plan(call, results, plan);
    const yg_reduction order = yg_reduction_order(&call->operands[0], &call->attrs[0]);
    const int64_t columns = order.inner_reduced ? 1 : order.inner;
    const int64_t block = order.inner_reduced ? REDUCE_BLOCK : REDUCE_ROWS;
    if (order.kept_rank > 0 || order.reduced_rank != !order.inner_reduced || order.count == 0 ||
        columns == 0)
        return;
    plan->parts = (yg_parts){.elements = block * columns,
                             .count = (order.count + block - 1) / block,
                             .bytes = columns * (int64_t)yg_dtype_size(results->dtype),
                             .reduce = reduce,
                             .finish = finish};
}

const yg_reduction *yg_reduction_prepared(const yg_kernel_call *call, yg_reduction *here) {
    if (call->prepared)
        return call->prepared;
    *here = yg_reduction_order(call->in_types[0], &call->attrs[0]);
    return here;
}

void yg_reduction_at(const yg_reference *reference, const int64_t *index, int64_t step,
                     int64_t at[YG_MAX_RANK]) {
    const yg_type *x = &reference->call->operands[0];
    const bool keepdim = keeps_dims(reference->call);
    bool reduced[YG_MAX_RANK] = {false};
    mark_dims(x, &reference->call->attrs[0], reduced);
    int next = reference->out_type->rank;
    for (int d = x->rank; d-- > 0;) {
        if (reduced[d]) {
            at[d] = step % x->shape[d];
            step /= x->shape[d];
            next -= keepdim;
        } else {
            at[d] = index[--next];
        }
    }
}
