/*
 * The rule permutations: moves a permutation from channels last to channels first behind the
 * operator that reads it.
 *
 * The primitives of convolution, pooling and normalisation work on channels last; what a model says
 * is channels first. So their operators end with a permutation to channels first, and begin with
 * the one back. Where such operators follow each other directly, the two cancel. Where others stand
 * between them, as relu(x), these permute the whole tensor twice. This rule makes relu(permute(x))
 * permute(relu(x)), then the two meet. In the end a network is computed channels last, with a
 * permutation at its ends only.
 *
 * If an operator has a second operand that is not permuted, as the target of a loss, that one is
 * permuted instead. No more are permuted than before. A broadcast is made in the other order at
 * once, which costs nothing.
 *
 * Of three dimensions the permutation to channels last is the one to channels first: [0, 2, 1]. The
 * rule could undo in the next round what it has done in this one. So with three dimensions it does
 * not permute other operands.
 *
 * Changes rounding: a sum adds its terms in another order.
 */
#include "build.h"
#include "channels.h"
#include "registry.h"
#include "rules.h"

#include <stdlib.h>
#include <string.h>

/* Dimension i of a channels-first tensor is dimension from_last(i) of the channels-last one. */
static int from_last(int i, int rank) {
    return i == 0 ? 0 : i == 1 ? rank - 1 : i - 1;
}

/* And the other way round. */
static int from_first(int i, int rank) {
    return i == 0 ? 0 : i == rank - 1 ? 1 : i + 1;
}

/* Whether a node is a permutation from channels last to channels first. */
static bool puts_channels_first(const yg_graph *graph, yg_node node) {
    const yg_type *type = yg_node_type(graph, node);
    if (yg_node_op(graph, node) != &yg_op_permute || type->rank < 3)
        return false;
    for (int i = 0; i < type->rank; i++) {
        int d = 0;
        yg_dimension(yg_node_attrs(graph, node)[0].ints[i], type->rank, &d);
        if (d != from_last(i, type->rank))
            return false;
    }
    return true;
}

/* ----------------------------------------------------------------------------------- matching --
 */

/* Whether the replacement of a node is a permutation, or the node is one itself: scratch says so of
 * the nodes before the current one. */
static bool is_permuted(const yg_rewriting *r, yg_node node) {
    return r->scratch[node] != YG_NONE;
}

/* Whether another order of a node's dimensions costs nothing. */
static bool has_any_order(const yg_graph *graph, yg_node node) {
    return yg_node_op(graph, node) == &yg_op_broadcast || yg_node_is_scalar(graph, node, NULL);
}

/* Whether at least half of the operands that matter are permuted, of three dimensions all. */
static bool suits(const yg_rewriting *r, yg_node node) {
    size_t permuted = 0, others = 0;
    for (size_t k = 0; k < yg_node_operand_count(r->graph, node); k++) {
        const yg_node x = yg_node_operand(r->graph, node, k);
        if (is_permuted(r, x))
            permuted++;
        else if (!has_any_order(r->graph, x))
            others++;
    }
    return permuted > 0 && others <= (yg_node_type(r->graph, node)->rank > 3 ? permuted : 0);
}

static bool is_reduction(const yg_op *op) {
    return op == &yg_op_sum || op == &yg_op_max || op == &yg_op_min || op == &yg_op_prod;
}

/* Operators with lists that have an entry for each dimension. */
static bool has_lists(const yg_op *op) {
    return op == &yg_op_constant_pad || op == &yg_op_slice || op == &yg_op_add_to_slice;
}

/* Operators along one dimension, the attribute `dim`. Along the channels, the last dimension is
 * faster than the second; along another one, both are alike. */
static bool has_dimension(const yg_op *op) {
    return op == &yg_op_softmax || op == &yg_op_log_softmax || op == &yg_op_concat;
}

/* Operators on channels: the first operand, or two, have them. */
static bool has_channels(const yg_op *op) {
    return op == &yg_op_channel_affine || op == &yg_op_channel_moments || op == &yg_op_channel_sums;
}

static bool suits_channels(const yg_rewriting *r, yg_node node) {
    const yg_op *op = yg_node_op(r->graph, node);
    const yg_node x = yg_node_operand(r->graph, node, 0);
    const int rank = yg_node_type(r->graph, x)->rank;
    if (!yg_channels_second_of(yg_node_attrs(r->graph, node)) || rank < 3)
        return false;
    if (op != &yg_op_channel_sums)
        return is_permuted(r, x);
    const int permuted = is_permuted(r, x) + is_permuted(r, yg_node_operand(r->graph, node, 1));
    return permuted == 2 || (permuted == 1 && rank > 3);
}

static bool matches(const yg_rewriting *r, yg_node node) {
    const yg_op *op = yg_node_op(r->graph, node);
    if (has_channels(op)) {
        const bool suited = suits_channels(r, node);
        if (suited && op == &yg_op_channel_affine)
            r->scratch[node] = node;
        return suited;
    }
    if (puts_channels_first(r->graph, node)) {
        r->scratch[node] = node;
        return false;
    }
    if (is_reduction(op))
        return is_permuted(r, yg_node_operand(r->graph, node, 0));
    if (yg_node_type(r->graph, node)->rank < 3 || !suits(r, node))
        return false;
    if (!(op->flags & YG_OP_ELEMENTWISE) && !has_lists(op) && !has_dimension(op) &&
        op != &yg_op_flip)
        return false;
    r->scratch[node] = node;
    return true;
}

/* ----------------------------------------------------------------------------------- building --
 */

static yg_node channels_first(yg_graph *to, yg_node x) {
    if (x == YG_NONE)
        return YG_NONE;
    const int rank = yg_node_type(to, x)->rank;
    int64_t order[YG_MAX_RANK];
    for (int i = 0; i < rank; i++)
        order[i] = from_last(i, rank);
    return yg_permute(to, x, order);
}

/* The dimensions of a shape with channels first, put in the order with channels last. */
static yg_type type_last(const yg_type *first) {
    yg_type last = *first;
    for (int i = 0; i < first->rank; i++)
        last.shape[i] = first->shape[from_first(i, first->rank)];
    return last;
}

static yg_node permute_last(yg_graph *to, yg_node x) {
    const int rank = yg_node_type(to, x)->rank;
    int64_t order[YG_MAX_RANK];
    for (int i = 0; i < rank; i++)
        order[i] = from_first(i, rank);
    return yg_permute(to, x, order);
}

/* The operand with channels last. A permutation meets its inverse here. What is broadcast is
 * permuted before it is broadcast. */
static yg_node channels_last(yg_graph *to, yg_node x) {
    if (x == YG_NONE || yg_node_op(to, x) != &yg_op_broadcast)
        return x == YG_NONE ? YG_NONE : permute_last(to, x);
    const yg_type shape = type_last(yg_node_type(to, x));
    const yg_node source = yg_node_operand(to, x, 0);
    const yg_type *from = yg_node_type(to, source);
    yg_type whole = {.dtype = from->dtype, .rank = shape.rank};
    const int added = shape.rank - from->rank;
    for (int i = 0; i < shape.rank; i++)
        whole.shape[i] = i < added ? 1 : from->shape[i - added];
    return yg_broadcast(to, permute_last(to, yg_reshape(to, source, &whole)), &shape);
}

/* The attribute `dim`, or a list of that name, for channels last. */
static void turn_dims(yg_attr *attr, bool list, int rank) {
    for (int64_t i = 0; i < (list ? attr->count : 1); i++) {
        int64_t *dim = list ? &attr->ints[i] : &attr->i;
        int d = 0;
        yg_dimension(*dim, rank, &d);
        *dim = from_last(d, rank);
    }
}

/* A list with an entry for each dimension, for channels last. */
static void turn_list(yg_attr *attr, int rank) {
    const yg_attr first = *attr;
    for (int i = 0; i < rank; i++)
        attr->ints[i] = first.ints[from_first(i, rank)];
}

/* A reduced tensor whose dimensions are left in the order with channels last: puts them in the
 * order that the reduction of the channels-first tensor gives. */
static yg_node order_reduced(yg_graph *to, yg_node y, const yg_attr *dims, bool keepdim, int rank) {
    bool reduced[YG_MAX_RANK] = {false}; /* by the dimension with channels last */
    int64_t order[YG_MAX_RANK];
    int left = 0;
    if (y == YG_NONE || keepdim)
        return channels_first(to, y);
    for (int64_t i = 0; i < dims->count; i++)
        reduced[dims->ints[i]] = true;
    for (int i = 0; i < rank && dims->count > 0; i++) {
        const int d = from_last(i, rank);
        int at = 0; /* of d among the dimensions that are left */
        for (int j = 0; j < d; j++)
            at += !reduced[j];
        if (!reduced[d])
            order[left++] = at;
    }
    return left > 0 ? yg_permute(to, y, order) : y;
}

static yg_node build_reduction(const yg_rewriting *r, yg_graph *to, yg_node node, yg_node x) {
    enum { DIM };
    const yg_op *op = yg_node_op(r->graph, node);
    const int rank = yg_node_type(r->graph, yg_node_operand(r->graph, node, 0))->rank;
    yg_attr attrs[YG_OP_NAMED_OPERANDS];
    memcpy(attrs, yg_node_attrs(r->graph, node), op->attr_count * sizeof *attrs);
    turn_dims(&attrs[DIM], true, rank);
    const yg_node y = yg_apply(to, op, (const yg_node[]){channels_last(to, x)}, 1, attrs);
    return order_reduced(to, y, &attrs[DIM], attrs[yg_op_attr(op, "keepdim")].i != 0, rank);
}

static yg_node build_channels(const yg_rewriting *r, yg_graph *to, yg_node node,
                              const yg_node *made) {
    enum { MOST_OPERANDS = 4, MOST_RESULTS = 2 };
    const yg_op *op = yg_node_op(r->graph, node);
    const size_t count = yg_node_operand_count(r->graph, node);
    const yg_attr last = {.i = false};
    yg_node operands[MOST_OPERANDS], results[MOST_RESULTS] = {YG_NONE};
    for (size_t k = 0; k < count; k++) {
        const yg_node x = made[yg_node_operand(r->graph, node, k)];
        operands[k] = k == 0 || (k == 1 && op == &yg_op_channel_sums) ? channels_last(to, x) : x;
    }
    yg_apply_all(to, op, operands, count, &last, results, MOST_RESULTS);
    return op == &yg_op_channel_affine ? channels_first(to, results[0]) : results[0];
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    enum { MOST_ATTRS = 16 };
    const yg_op *op = yg_node_op(r->graph, node);
    const size_t count = yg_node_operand_count(r->graph, node);
    if (has_channels(op))
        return build_channels(r, to, node, made);
    if (is_reduction(op))
        return build_reduction(r, to, node, made[yg_node_operand(r->graph, node, 0)]);
    const int rank = yg_node_type(r->graph, node)->rank;
    yg_attr attrs[MOST_ATTRS];
    memcpy(attrs, yg_node_attrs(r->graph, node), op->attr_count * sizeof *attrs);
    for (size_t i = 0; i < op->attr_count; i++) {
        if (has_dimension(op) && strcmp(op->attrs[i].name, "dim") == 0)
            turn_dims(&attrs[i], false, rank);
        else if (op == &yg_op_flip)
            turn_dims(&attrs[i], true, rank);
        else if (has_lists(op) && op->attrs[i].kind == YG_ATTR_INTS && attrs[i].count == rank)
            turn_list(&attrs[i], rank);
    }
    yg_node *operands = malloc((count + 1) * sizeof *operands);
    if (!operands)
        return yg_graph_fail(to, YG_ERROR_MEMORY, "permutations: out of memory");
    for (size_t k = 0; k < count; k++)
        operands[k] = channels_last(to, made[yg_node_operand(r->graph, node, k)]);
    const yg_node y = yg_apply(to, op, operands, count, attrs);
    free(operands);
    return channels_first(to, y);
}

const yg_rule yg_rule_permutations = {
    .name = "permutations",
    .doc = "moves permutations to channels first behind what reads them, where pairs cancel",
    .op = &yg_op_permute,
    .candidate = puts_channels_first,
    .matches = matches,
    .build = build,
};
