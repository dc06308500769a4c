/*
 * scatter_extreme: y = x, and y[i, …, index[i, j, …], …] = max(itself, src[i, j, …]) for each
 * element of the index, which takes the place of dimension `dim`; with `smallest` the minimum.
 *
 * What scatter_reduce finds amax and amin with. NaN counts as the extreme. The kernel may write
 * over x.
 * vjp: equal elements share the cotangent of the place, as in PyTorch.
 */
#include "build.h"
#include "registry.h"
#include "scatter_kernel.h"

#include <math.h>

enum { X, INDEX, SRC };
enum { DIM, SMALLEST }; /* attributes */

#define GREATER(to, from)       (to) = (from) > (to) ? (from) : (to)
#define LESS(to, from)          (to) = (from) < (to) ? (from) : (to)
#define FLOAT_GREATER(to, from) (to) = (from) > (to) || isnan(from) ? (from) : (to)
#define FLOAT_LESS(to, from)    (to) = (from) < (to) || isnan(from) ? (from) : (to)

#define KERNEL(function, element, greater, less)                                                   \
    YG_SCATTER_KERNEL(function##_greatest, "scatter_reduce", element, greater)                     \
    YG_SCATTER_KERNEL(function##_least, "scatter_reduce", element, less)                           \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        return (call->attrs[SMALLEST].i ? function##_least : function##_greatest)(call, error);    \
    }
KERNEL(kernel_bool, uint8_t, GREATER, LESS)
KERNEL(kernel_i32, int32_t, GREATER, LESS)
KERNEL(kernel_i64, int64_t, GREATER, LESS)
KERNEL(kernel_f32, float, FLOAT_GREATER, FLOAT_LESS)
KERNEL(kernel_f64, double, FLOAT_GREATER, FLOAT_LESS)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node x = yg_node_operand(graph, y, X), index = yg_node_operand(graph, y, INDEX);
    const yg_node src = yg_node_operand(graph, y, SRC);
    const yg_type *shape = yg_node_type(graph, index);
    const yg_dtype dtype = yg_node_type(graph, y)->dtype;
    const yg_attr *dim = &yg_node_attrs(graph, y)[DIM];
    yg_node reached = src;
    for (int d = 0; d < shape->rank; d++)
        reached = yg_slice_along(graph, reached, d, 0, shape->shape[d]);
    const yg_node read[] = {y, index};
    const yg_node from_x = yg_equal(graph, x, y);
    const yg_node from_src = yg_equal(graph, reached, yg_apply(graph, &yg_op_gather, read, 2, dim));
    const yg_node counts[] = {yg_cast(graph, from_x, dtype), index,
                              yg_cast(graph, from_src, dtype)};
    const yg_node share = yg_divide(graph, dy, yg_apply(graph, &yg_op_scatter_add, counts, 3, dim));
    const yg_node zero = yg_scalar(graph, dtype, 0);
    if (k == X)
        return yg_where(graph, from_x, share, zero);
    const yg_node shared[] = {share, index};
    const yg_node dsrc =
        yg_where(graph, from_src, yg_apply(graph, &yg_op_gather, shared, 2, dim), zero);
    return yg_pad_to(graph, dsrc, yg_node_type(graph, src));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[X];
    const double sign = r->call->attrs[SMALLEST].i ? -1 : 1;
    int dim = 0;
    yg_dimension(r->call->attrs[DIM].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double best = sign * yg_at(r, X, index);
    const int64_t length = x->rank == 0 ? 1 : r->call->operands[INDEX].shape[dim];
    for (at[dim] = 0; at[dim] < length; at[dim]++)
        if (yg_scatter_meets(r, at, index, dim))
            best = fmax(best, sign * yg_at(r, SRC, at));
    return sign * best;
}

static const yg_attr_spec attrs[] = {
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .required = true,
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension that the index counts along"},
    [SMALLEST] = {.name = "smallest", .kind = YG_ATTR_BOOL, .doc = "the minimum"},
};

static const yg_attr first[] = {{.i = 0}, {.i = 0}}, second[] = {{.i = 1}, {.i = 1}},
                     last[] = {{.i = -1}, {.i = 0}};

static const yg_sample samples[] = {
    {{"f[3]", "i[5]", "f[5]"}, first},
    {{"f[3, 5]", "i[2, 4]", "f[2, 4]"}, first},
    {{"f[4, 3]", "i[4, 6]", "f[4, 7]"}, last},
    {{"f[2, 4, 3]", "i[2, 5, 2]", "f[3, 5, 2]"}, second},
    {{"f[3, 2]", "i[0, 2]", "f[0, 2]"}, first},
};

const yg_op yg_op_scatter_extreme = {
    .name = "scatter_extreme",
    .formula = "y = x; y[index[i, j], j] = max(itself, src[i, j]) for dim = 0, …",
    .doc = "The largest or smallest of the elements of x and src: what scatter_reduce is made of.",
    .group = "indexing",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"x", "index", "src"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_IN_PLACE | YG_OP_INTERNAL,
    .infer = yg_scatter_infer,
    .kernel = {[YG_BOOL] = kernel_bool,
               [YG_I32] = kernel_i32,
               [YG_I64] = kernel_i64,
               [YG_F32] = kernel_f32,
               [YG_F64] = kernel_f64},
    .plan = yg_scatter_plan,
    .vjp = vjp,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}, {-2, 2}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
