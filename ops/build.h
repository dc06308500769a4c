/*
 * Typed builders for the operators that other code composes: one C function each, so that a vjp or
 * an embedding program reads like the formula. Each is yg_apply() with the operator of that name
 * (see its own file or `yamlgrad ops NAME` for formula and shapes); failures are sticky in the
 * graph. An operator needs no entry here to be used from YAML.
 */
#ifndef YG_OPS_BUILD_H
#define YG_OPS_BUILD_H

#include "../graph/graph.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Version 14 breaks these lists in another place each time. */
/* clang-format off */

/* y = f(x), elementwise */
#define YG_UNARY_BUILDERS(X)                                                                       \
    X(negative) X(reciprocal) X(square) X(exp) X(log) X(log1p) X(expm1) X(sqrt) X(rsqrt) X(abs)    \
    X(sign) X(sin) X(cos) X(tanh) X(sigmoid) X(softplus) X(erf) X(relu) X(silu) X(logical_not)     \
    X(isnan)

/* y = f(a, b), elementwise, NumPy broadcasting */
#define YG_BINARY_BUILDERS(X)                                                                      \
    X(add) X(subtract) X(multiply) X(divide) X(pow) X(maximum) X(minimum) X(equal) X(not_equal)    \
    X(less) X(less_equal) X(greater) X(greater_equal) X(logical_and) X(logical_or)

/* clang-format on */

#define YG_DECLARE_UNARY(name)  yg_node yg_##name(yg_graph *graph, yg_node x);
#define YG_DECLARE_BINARY(name) yg_node yg_##name(yg_graph *graph, yg_node a, yg_node b);
YG_UNARY_BUILDERS(YG_DECLARE_UNARY)
YG_BINARY_BUILDERS(YG_DECLARE_BINARY)

/* condition ? a : b; condition is bool */
yg_node yg_where(yg_graph *graph, yg_node condition, yg_node a, yg_node b);
yg_node yg_cast(yg_graph *graph, yg_node x, yg_dtype dtype);
/* x * factor, x + term: a scalar of x's type */
yg_node yg_scale(yg_graph *graph, yg_node x, double factor);
yg_node yg_offset(yg_graph *graph, yg_node x, double term);

/* Reductions over `count` dimensions (0: all). */
yg_node yg_sum(yg_graph *graph, yg_node x, const int64_t *dims, size_t count, bool keepdim);
yg_node yg_mean(yg_graph *graph, yg_node x, const int64_t *dims, size_t count, bool keepdim);
yg_node yg_max(yg_graph *graph, yg_node x, const int64_t *dims, size_t count, bool keepdim);

/* a [..., n, k] · b [..., k, m] → [..., n, m]; batch dimensions broadcast */
yg_node yg_matmul(yg_graph *graph, yg_node a, yg_node b, bool transpose_a, bool transpose_b);

/* Same number of elements, same order. */
yg_node yg_reshape(yg_graph *graph, yg_node x, const yg_type *shape);
/* Dimension i of the result is dimension order[i] of x. */
yg_node yg_permute(yg_graph *graph, yg_node x, const int64_t *order);
/* Stretches to `shape` (its element type is ignored). */
yg_node yg_broadcast(yg_graph *graph, yg_node x, const yg_type *shape);
/* Sums x over the dimensions along which `shape` was stretched to x's: the transpose of
 * yg_broadcast. */
yg_node yg_sum_to(yg_graph *graph, yg_node x, const yg_type *shape);
yg_node yg_concat(yg_graph *graph, const yg_node *parts, size_t count, int64_t dim);
/* x[start : stop : step] in each dimension (one entry a dimension, as Python counts) */
yg_node yg_slice(yg_graph *graph, yg_node x, const int64_t *start, const int64_t *stop,
                 const int64_t *step);
yg_node yg_softmax(yg_graph *graph, yg_node x, int64_t dim);
yg_node yg_log_softmax(yg_graph *graph, yg_node x, int64_t dim);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
