/*
 * The typed builders: each applies the operator of its name. See build.h.
 */
#include "build.h"

#include "registry.h"

#define DEFINE_UNARY(name)                                                                         \
    yg_node yg_##name(yg_graph *graph, yg_node x) {                                                \
        return yg_apply(graph, &yg_op_##name, &x, 1, NULL);                                        \
    }

#define DEFINE_BINARY(name)                                                                        \
    yg_node yg_##name(yg_graph *graph, yg_node a, yg_node b) {                                     \
        return yg_apply(graph, &yg_op_##name, (const yg_node[]){a, b}, 2, NULL);                   \
    }

YG_UNARY_BUILDERS(DEFINE_UNARY)
YG_BINARY_BUILDERS(DEFINE_BINARY)

yg_node yg_where(yg_graph *graph, yg_node condition, yg_node a, yg_node b) {
    return yg_apply(graph, &yg_op_where, (const yg_node[]){condition, a, b}, 3, NULL);
}

yg_node yg_cast(yg_graph *graph, yg_node x, yg_dtype dtype) {
    const yg_attr attr = {.i = dtype};
    return yg_apply(graph, &yg_op_cast, &x, 1, &attr);
}

yg_node yg_scale(yg_graph *graph, yg_node x, double factor) {
    if (x == YG_NONE)
        return YG_NONE;
    return yg_multiply(graph, x, yg_scalar(graph, yg_node_type(graph, x)->dtype, factor));
}

yg_node yg_offset(yg_graph *graph, yg_node x, double term) {
    if (x == YG_NONE)
        return YG_NONE;
    return yg_add(graph, x, yg_scalar(graph, yg_node_type(graph, x)->dtype, term));
}

static yg_attr dimension_list(const int64_t *dims, size_t count) {
    yg_attr attr = {.count = (int64_t)count};
    for (size_t i = 0; i < count && i < YG_MAX_RANK; i++)
        attr.ints[i] = dims[i];
    return attr;
}

static yg_node reduce(yg_graph *graph, const yg_op *op, yg_node x, const int64_t *dims,
                      size_t count, bool keepdim) {
    const yg_attr attrs[] = {dimension_list(dims, count), {.i = keepdim}};
    return yg_apply(graph, op, &x, 1, attrs);
}

yg_node yg_sum(yg_graph *graph, yg_node x, const int64_t *dims, size_t count, bool keepdim) {
    return reduce(graph, &yg_op_sum, x, dims, count, keepdim);
}

yg_node yg_mean(yg_graph *graph, yg_node x, const int64_t *dims, size_t count, bool keepdim) {
    return reduce(graph, &yg_op_mean, x, dims, count, keepdim);
}

yg_node yg_max(yg_graph *graph, yg_node x, const int64_t *dims, size_t count, bool keepdim) {
    return reduce(graph, &yg_op_max, x, dims, count, keepdim);
}

yg_node yg_matmul(yg_graph *graph, yg_node a, yg_node b, bool transpose_a, bool transpose_b) {
    const yg_attr attrs[] = {{.i = transpose_a}, {.i = transpose_b}};
    return yg_apply(graph, &yg_op_matmul, (const yg_node[]){a, b}, 2, attrs);
}

yg_node yg_broadcast(yg_graph *graph, yg_node x, const yg_type *shape) {
    const yg_attr attr = dimension_list(shape->shape, (size_t)shape->rank);
    return yg_apply(graph, &yg_op_broadcast, &x, 1, &attr);
}

yg_node yg_sum_to(yg_graph *graph, yg_node x, const yg_type *shape) {
    if (x == YG_NONE)
        return YG_NONE;
    const yg_type *from = yg_node_type(graph, x);
    const int32_t added = from->rank - shape->rank;
    int64_t leading[YG_MAX_RANK], stretched[YG_MAX_RANK];
    size_t leading_count = 0, stretched_count = 0;
    for (int32_t d = 0; d < added; d++)
        leading[leading_count++] = d;
    for (int32_t d = 0; d < shape->rank && added >= 0; d++) {
        if (shape->shape[d] == 1 && from->shape[added + d] != 1)
            stretched[stretched_count++] = d;
    }
    if (leading_count)
        x = yg_sum(graph, x, leading, leading_count, false);
    if (stretched_count)
        x = yg_sum(graph, x, stretched, stretched_count, true);
    return x;
}

yg_node yg_softmax(yg_graph *graph, yg_node x, int64_t dim) {
    const yg_attr attr = {.i = dim};
    return yg_apply(graph, &yg_op_softmax, &x, 1, &attr);
}

yg_node yg_log_softmax(yg_graph *graph, yg_node x, int64_t dim) {
    const yg_attr attr = {.i = dim};
    return yg_apply(graph, &yg_op_log_softmax, &x, 1, &attr);
}

yg_node yg_reshape(yg_graph *graph, yg_node x, const yg_type *shape) {
    const yg_attr attr = dimension_list(shape->shape, (size_t)shape->rank);
    return yg_apply(graph, &yg_op_reshape, &x, 1, &attr);
}

yg_node yg_permute(yg_graph *graph, yg_node x, const int64_t *order) {
    if (x == YG_NONE)
        return YG_NONE;
    const yg_attr attr = dimension_list(order, (size_t)yg_node_type(graph, x)->rank);
    return yg_apply(graph, &yg_op_permute, &x, 1, &attr);
}

yg_node yg_concat(yg_graph *graph, const yg_node *parts, size_t count, int64_t dim) {
    const yg_attr attr = {.i = dim};
    return yg_apply(graph, &yg_op_concat, parts, count, &attr);
}

yg_node yg_slice(yg_graph *graph, yg_node x, const int64_t *start, const int64_t *stop,
                 const int64_t *step) {
    if (x == YG_NONE)
        return YG_NONE;
    const size_t rank = (size_t)yg_node_type(graph, x)->rank;
    const yg_attr attrs[] = {dimension_list(start, rank), dimension_list(stop, rank),
                             dimension_list(step, rank)};
    return yg_apply(graph, &yg_op_slice, &x, 1, attrs);
}
