/*
 * Typed builders: one C function for each operator that other code uses often, so that a vjp or an
 * embedding program reads like the formula. Each calls yg_apply() with the operator of that name.
 * Formula and shapes stand in the operator's own file, and `yamlgrad ops NAME` prints them. An
 * operator needs no builder to be used from YAML.
 *
 * Errors: a builder that fails returns YG_NONE and records the failure in the graph, where it
 * stays. A builder that is given YG_NONE returns YG_NONE. So a formula of many calls needs a single
 * check at its end.
 */
#ifndef YG_OPS_BUILD_H
#define YG_OPS_BUILD_H

#include "../graph/graph.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format 14 breaks these lists in another place each time it runs. */
/* clang-format off */

/* y = f(x), elementwise: yg_node yg_NAME(yg_graph *graph, yg_node x) */
#define YG_UNARY_BUILDERS(X)                                                                       \
    X(negative) X(reciprocal) X(square) X(exp) X(log) X(log1p) X(expm1) X(sqrt) X(rsqrt) X(abs)    \
    X(sign) X(sin) X(cos) X(tanh) X(sigmoid) X(softplus) X(erf) X(relu) X(silu) X(logical_not)     \
    X(isnan)

/* y = f(a, b), elementwise, with NumPy's broadcasting:
 * yg_node yg_NAME(yg_graph *graph, yg_node a, yg_node b) */
#define YG_BINARY_BUILDERS(X)                                                                      \
    X(add) X(subtract) X(multiply) X(divide) X(pow) X(maximum) X(minimum) X(equal) X(not_equal)    \
    X(less) X(less_equal) X(greater) X(greater_equal) X(logical_and) X(logical_or)

/* clang-format on */

#define YG_DECLARE_UNARY(name)  yg_node yg_##name(yg_graph *graph, yg_node x);
#define YG_DECLARE_BINARY(name) yg_node yg_##name(yg_graph *graph, yg_node a, yg_node b);
YG_UNARY_BUILDERS(YG_DECLARE_UNARY)
YG_BINARY_BUILDERS(YG_DECLARE_BINARY)

/* condition ? a : b, elementwise; the condition is bool; all three broadcast */
yg_node yg_where(yg_graph *graph, yg_node condition, yg_node a, yg_node b);
/* x converted to another element type */
yg_node yg_cast(yg_graph *graph, yg_node x, yg_dtype dtype);
/* x · factor, and x + term; the number is converted to x's element type */
yg_node yg_scale(yg_graph *graph, yg_node x, double factor);
yg_node yg_offset(yg_graph *graph, yg_node x, double term);

/* Reductions over the dimensions dims[0 .. count), negative from the end. count = 0: over all
 * dimensions, and dims may be NULL. keepdim keeps each reduced dimension with size 1. */
yg_node yg_sum(yg_graph *graph, yg_node x, const int64_t *dims, size_t count, bool keepdim);
yg_node yg_mean(yg_graph *graph, yg_node x, const int64_t *dims, size_t count, bool keepdim);
yg_node yg_max(yg_graph *graph, yg_node x, const int64_t *dims, size_t count, bool keepdim);

/* a [..., n, k] · b [..., k, m] → [..., n, m]; batch dimensions broadcast. transpose_a says that a
 * is stored as [..., k, n], transpose_b that b is stored as [..., m, k]. */
yg_node yg_matmul(yg_graph *graph, yg_node a, yg_node b, bool transpose_a, bool transpose_b);

/* x's elements in the same row-major order under another shape with as many elements. The element
 * type of `shape` is ignored, here and below. */
yg_node yg_reshape(yg_graph *graph, yg_node x, const yg_type *shape);
/* Dimension i of the result is dimension order[i] of x. order has one entry for each dimension. */
yg_node yg_permute(yg_graph *graph, yg_node x, const int64_t *order);
/* Repeats x along new dimensions and along those of size 1 until it has this shape. */
yg_node yg_broadcast(yg_graph *graph, yg_node x, const yg_type *shape);
/* The transpose of yg_broadcast: x has a shape that `shape` broadcasts to; sums it back to `shape`,
 * over the dimensions that were stretched. */
yg_node yg_sum_to(yg_graph *graph, yg_node x, const yg_type *shape);
/* parts[0 .. count) one after the other along dimension `dim`, negative from the end */
yg_node yg_concat(yg_graph *graph, const yg_node *parts, size_t count, int64_t dim);
/* x[start : stop : step] as in Python. Each array has one entry for each dimension; steps are
 * positive. */
yg_node yg_slice(yg_graph *graph, yg_node x, const int64_t *start, const int64_t *stop,
                 const int64_t *step);
/* Softmax and its logarithm along dimension `dim`, negative from the end; x must be float. */
yg_node yg_softmax(yg_graph *graph, yg_node x, int64_t dim);
yg_node yg_log_softmax(yg_graph *graph, yg_node x, int64_t dim);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
