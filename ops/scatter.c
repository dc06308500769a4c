/*
 * scatter: y = x, and y[i, …, index[i, j, …], …] = src[i, j, …] for each element of the index,
 * which takes the place of dimension `dim`.
 *
 * If several elements of the index name one place, the last of them in row-major order counts.
 * PyTorch leaves open which. The kernel may write over x.
 * vjp: dx = dy, 0 where the index points; dsrc = gather(dy, index), 0 for an element of src that
 * another one replaced. To find those, the positions of the elements are scattered likewise: an
 * element counts if its own position is found where it points.
 */
#include "build.h"
#include "registry.h"
#include "scatter_kernel.h"

enum { X, INDEX, SRC };

#define PUT(to, from) (to) = (from)
YG_SCATTER_KERNEL(kernel_1, "scatter", uint8_t, PUT)
YG_SCATTER_KERNEL(kernel_4, "scatter", uint32_t, PUT)
YG_SCATTER_KERNEL(kernel_8, "scatter", uint64_t, PUT)

/* src's cotangent, in the shape of the index. */
static yg_node slope_of_src(yg_graph *graph, yg_node y, yg_node dy) {
    const yg_node index = yg_node_operand(graph, y, INDEX);
    const yg_type *type = yg_node_type(graph, index), *of = yg_node_type(graph, y);
    const yg_attr *dim = yg_node_attrs(graph, y);
    const yg_node read[] = {dy, index};
    int along = 0;
    yg_dimension(dim->i, of->rank, &along);
    if (type->rank == 0 || type->shape[along] == 1) /* no two elements can name one place */
        return yg_apply(graph, &yg_op_gather, read, 2, dim);
    /* Comparing half as many bytes takes half the time. */
    const yg_dtype dtype = yg_type_count(type) <= INT32_MAX ? YG_I32 : YG_I64;
    const yg_attr range[] = {{.i = yg_type_count(type)}, {0}, {.i = 1}, {.i = dtype}};
    const yg_node counted = yg_apply(graph, &yg_op_arange, NULL, 0, range);
    const yg_node positions = yg_reshape(graph, counted, type);
    const yg_type places = yg_type_with_dtype(of, dtype);
    const yg_node written[] = {yg_full(graph, &places, -1), index, positions};
    const yg_node found[] = {yg_apply(graph, &yg_op_scatter, written, 3, dim), index};
    const yg_node counts =
        yg_equal(graph, yg_apply(graph, &yg_op_gather, found, 2, dim), positions);
    return yg_where(graph, counts, yg_apply(graph, &yg_op_gather, read, 2, dim),
                    yg_scalar(graph, of->dtype, 0));
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_type *src = yg_node_type(graph, yg_node_operand(graph, y, SRC));
    if (k == SRC)
        return yg_pad_to(graph, slope_of_src(graph, y, dy), src);
    const yg_node operands[] = {dy, yg_node_operand(graph, y, INDEX), yg_full(graph, src, 0)};
    return yg_apply(graph, &yg_op_scatter, operands, 3, yg_node_attrs(graph, y));
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[X];
    int dim = 0;
    yg_dimension(r->call->attrs[0].i, x->rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = index[d];
    double value = yg_at(r, X, index);
    const int64_t length = x->rank == 0 ? 1 : r->call->operands[INDEX].shape[dim];
    for (at[dim] = 0; at[dim] < length; at[dim]++)
        if (yg_scatter_meets(r, at, index, dim))
            value = yg_at(r, SRC, at);
    return value;
}

const yg_op yg_op_scatter = {
    .name = "scatter",
    .formula = "y = x; y[index[i, j], j] = src[i, j] for dim = 0, y[i, index[i, j]] for dim = 1, …",
    .doc = "Puts src's elements where the index says, as torch.scatter. Of several that go to one "
           "place, the last counts, and it alone has a gradient. An index that is not there stops "
           "the run.",
    .group = "indexing",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"x", "index", "src"},
    .attrs = yg_index_walk_dim,
    .attr_count = 1,
    .flags = YG_OP_IN_PLACE,
    .infer = yg_scatter_infer,
    .kernel = {[YG_BOOL] = kernel_1,
               [YG_I32] = kernel_4,
               [YG_I64] = kernel_8,
               [YG_F32] = kernel_4,
               [YG_F64] = kernel_8},
    .plan = yg_scatter_plan,
    .vjp = vjp,
    .reference = reference,
    .domain = {{-2, 2}, {0, 2}, {-2, 2}},
    .samples = yg_scatter_samples,
    .sample_count = YG_SCATTER_SAMPLES,
};
