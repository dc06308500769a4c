/*
 * scatter_add: y = x, and y[i, …, index[i, j, …], …] += src[i, j, …] for each element of the index,
 * which takes the place of dimension `dim`.
 *
 * The transpose of gather. Terms are added in row-major order of the index. The kernel may write
 * over x, so a cotangent that is added to another costs the size of the index only.
 * vjp: dx = dy, dsrc = gather(dy, index), and 0 where the index does not reach.
 */
#include "build.h"
#include "index_walk.h"
#include "registry.h"

enum { X, INDEX, SRC };

/* Integers are added as unsigned numbers, because signed overflow is undefined in C. */
#define ROWS(function, element, number)                                                            \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const yg_scatter_part part = yg_scatter_begin(call);                                       \
        const yg_index_walk *walk = &part.walk;                                                    \
        int64_t to_at[YG_MAX_RANK] = {0}, from_at[YG_MAX_RANK] = {0};                              \
        int64_t start = yg_index_walk_seek(walk, to_at, part.first_row);                           \
        int64_t from = yg_scatter_seek(&part, from_at);                                            \
        for (int64_t row = part.first_row; row < part.end_row; row++) {                            \
            const int64_t first = row * walk->columns;                                             \
            const number *index = (const number *)call->in[INDEX] + first;                         \
            const element *src = (const element *)call->in[SRC] + from;                            \
            element *to = (element *)call->out + start;                                            \
            if (!yg_index_check(call, "scatter_add", INDEX, first, walk->columns, walk->limit,     \
                                error))                                                            \
                return false;                                                                      \
            for (int64_t c = 0; c < walk->columns; c++)                                            \
                to[c * walk->column + index[c] * walk->stride] += src[c];                          \
            start = yg_index_walk_next(walk, to_at, start);                                        \
            from = yg_strides_next(walk->rank, walk->size, part.src_strides, from_at, from);       \
        }                                                                                          \
        return true;                                                                               \
    }
#define KERNEL(function, element)                                                                  \
    ROWS(function##_by_i32, element, int32_t)                                                      \
    ROWS(function##_by_i64, element, int64_t)                                                      \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        return (call->in_types[INDEX]->dtype == YG_I32 ? function##_by_i32                         \
                                                       : function##_by_i64)(call, error);          \
    }
KERNEL(kernel_i32, uint32_t)
KERNEL(kernel_i64, uint64_t)
KERNEL(kernel_f32, float)
KERNEL(kernel_f64, double)

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
