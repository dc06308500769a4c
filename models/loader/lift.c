/*
 * Lifts products out of the bodies of scans: see lift.h.
 *
 * x_t · W in each of T steps is one product of all x with W, and a slice of it in each step. A
 * large product is faster than T small ones, and so are the two products of its gradient. The one
 * in the body is left without a reader, so no program computes it. In a scan within a scan, the
 * product around the inner body may be lifted once more.
 *
 * The bits of an element do not depend on how many rows are computed with it, as long as our own
 * kernel computes both; a library may round in another way.
 */
#include "lift.h"

#include <string.h>

static size_t place_of(const yg_node *nodes, size_t count, yg_node node) {
    size_t i = 0;
    while (i < count && nodes[i] != node)
        i++;
    return i;
}

/* Whether operand `k` is a slice and the other one comes from around the body. Writes what both are
 * there. A slice of one dimension can only be the left operand: as the right one it would be a
 * column. */
static bool are_slice_and_captured(const yg_builder *builder, yg_node node, size_t k,
                                   yg_node around[2]) {
    const yg_node slice = yg_node_operand(builder->graph, node, k);
    const yg_node other = yg_node_operand(builder->graph, node, 1 - k);
    const size_t s = place_of(builder->slices, builder->slice_count, slice);
    const size_t c = place_of(builder->captured, builder->captured_count, other);
    if (s == builder->slice_count || c == builder->captured_count)
        return false;
    const int rank = yg_node_type(builder->graph, slice)->rank;
    const int other_rank = yg_node_type(builder->graph, other)->rank;
    around[k] = builder->sequences[s];
    around[1 - k] = builder->given[c];
    return rank < YG_MAX_RANK && other_rank <= 2 && (k == 0 || (rank >= 2 && other_rank == 2));
}

yg_node yg_lift_product(yg_builder *builder, yg_node node) {
    const yg_graph *body = builder->graph;
    const yg_op *op = node == YG_NONE ? NULL : yg_node_op(body, node);
    yg_node around[2];
    if (!builder->outer || !op || strcmp(op->name, "matmul") != 0 ||
        (!are_slice_and_captured(builder, node, 0, around) &&
         !are_slice_and_captured(builder, node, 1, around)))
        return node;
    yg_graph_at(builder->outer->graph, yg_node_origin(body, node));
    yg_node product = yg_apply(builder->outer->graph, op, around, 2, yg_node_attrs(body, node));
    product = yg_lift_product(builder->outer, product);
    return product == YG_NONE ? YG_NONE : yg_builder_cut(builder, product, "product");
}
