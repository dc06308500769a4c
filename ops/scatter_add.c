/*
 * scatter_add: y = x, and y[i, …, index[i, j, …], …] += src[i, j, …] for each element of the index,
 * which takes the place of dimension `dim`.
 *
 * The transpose of gather. Terms are added in row-major order of the index. The kernel may write
 * over x, so a cotangent that is added to another costs the size of the index only.
 * vjp: dx = dy, dsrc = gather(dy, index), and 0 where the index does not reach.
 */
#include "build.h"
#include "registry.h"
#include "scatter_kernel.h"

enum { X, INDEX, SRC };

/* Integers are added as unsigned numbers, because signed overflow is undefined in C. */
#define ADD(to, from) (to) += (from)
YG_SCATTER_KERNEL(kernel_i32, "scatter_add", uint32_t, ADD)
YG_SCATTER_KERNEL(kernel_i64, "scatter_add", uint64_t, ADD)
YG_SCATTER_KERNEL(kernel_f32, "scatter_add", float, ADD)
YG_SCATTER_KERNEL(kernel_f64, "scatter_add", double, ADD)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    if (k == X)
        return dy;
    const yg_node operands[] = {dy, yg_node_operand(graph, y, INDEX)};
    const yg_node read = yg_apply(graph, &yg_op_gather, operands, 2, yg_node_attrs(graph, y));
    return yg_pad_to(graph, read, yg_node_type(graph, yg_node_operand(graph, y, SRC)));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[X];
    int dim = 0;
    yg_dimension(r->call->attrs[0].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double sum = yg_at(r, X, index);
    const int64_t length = x->rank == 0 ? 1 : r->call->operands[INDEX].shape[dim];
    for (at[dim] = 0; at[dim] < length; at[dim]++)
        if (yg_scatter_meets(r, at, index, dim))
            sum += yg_at(r, SRC, at);
    return sum;
}

const yg_op yg_op_scatter_add = {
    .name = "scatter_add",
    .formula =
        "y = x; y[index[i, j], j] += src[i, j] for dim = 0, y[i, index[i, j]] for dim = 1, …",
    .doc = "Adds src's elements to those of x that the index names, as torch.scatter_add. An index "
           "that is not there stops the run.",
    .group = "indexing",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"x", "index", "src"},
    .attrs = yg_index_walk_dim,
    .attr_count = 1,
    .flags = YG_OP_IN_PLACE,
    .infer = yg_scatter_infer,
    .kernel = {[YG_I32] = kernel_i32,
               [YG_I64] = kernel_i64,
               [YG_F32] = kernel_f32,
               [YG_F64] = kernel_f64},
    .plan = yg_scatter_plan,
    .vjp = vjp,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}, {-2, 2}},
    .samples = yg_scatter_samples,
    .sample_count = YG_SCATTER_SAMPLES,
};
