/*
 * The rule pooling_planes: computes a pooling that stands between two permutations on channels
 * first.
 *
 * The primitives of pooling have channels last. In a convolutional network the permutations around
 * them cancel. Where they do not, as for a signal or a picture that is pooled by itself, each costs
 * more than the pooling. Images of C channels, channels first, are also C times as many images of
 * one channel, channels last: [N, C, …] is [N · C, …, 1]. So the operand is reshaped and not
 * permuted. The result is permuted to channels last, where it meets the permutation back.
 *
 * Lines of pixels are computed at once then. Short ones of many channels stay as they are, because
 * a vector holds several channels.
 *
 * Changes rounding: the window of an average adds its terms in another order.
 */
#include "build.h"
#include "pooling.h"
#include "registry.h"
#include "rules.h"

enum { SHORT_LINE = 16, FEW_CHANNELS = 16 };

/* Whether a node puts channels last: [0, 2, …, 1]. */
static bool puts_channels_last(const yg_graph *graph, yg_node node) {
    const int rank = yg_node_type(graph, node)->rank;
    if (yg_node_op(graph, node) != &yg_op_permute || rank < 3)
        return false;
    for (int i = 0; i < rank; i++) {
        int d = 0;
        yg_dimension(yg_node_attrs(graph, node)[0].ints[i], rank, &d);
        if (d != (i == 0 ? 0 : i == rank - 1 ? 1 : i + 1))
            return false;
    }
    return true;
}

/* A maximum only if nobody reads where it was: then its node has one use. Adaptive windows of a
 * maximum are not computed line by line. */
static bool is_pooling(const yg_graph *graph, yg_node node) {
    const yg_op *op = yg_node_op(graph, node);
    return op == &yg_op_average_pooling || op == &yg_op_average_pooling_gradient ||
           (op == &yg_op_max_pooling && !yg_node_attrs(graph, node)[YG_POOLING_ADAPTIVE].i);
}

/* Whether a single reader puts the result channels first, maybe behind elementwise operators: the
 * rule permutations has moved it there. */
static bool ends_channels_first(const yg_rewriting *r, yg_node node) {
    while (r->uses[node] == 1 && r->user[node] != YG_NONE) {
        node = r->user[node];
        const yg_op *op = yg_node_op(r->graph, node);
        if (op == &yg_op_permute)
            return true;
        if (!(op->flags & YG_OP_ELEMENTWISE))
            break;
    }
    return false;
}

static bool matches(const yg_rewriting *r, yg_node node) {
    if (!is_pooling(r->graph, node))
        return false;
    const yg_type *type = yg_node_type(r->graph, node);
    const yg_node x = yg_node_operand(r->graph, node, 0);
    const int64_t width = yg_node_type(r->graph, x)->shape[type->rank - 2];
    const int64_t line = width > type->shape[type->rank - 2] ? width : type->shape[type->rank - 2];
    return puts_channels_last(r->graph, x) && r->uses[x] == 1 &&
           (line >= SHORT_LINE || type->shape[type->rank - 1] < FEW_CHANNELS) &&
           ends_channels_first(r, node);
}

/* [N, C, …] as [N · C, …, 1]. */
static yg_node as_planes(yg_graph *to, yg_node x) {
    const yg_type *type = yg_node_type(to, x);
    yg_type planes = *type;
    planes.shape[0] = type->shape[0] * type->shape[1];
    for (int d = 1; d < type->rank - 1; d++)
        planes.shape[d] = type->shape[d + 1];
    planes.shape[type->rank - 1] = 1;
    return yg_reshape(to, x, &planes);
}

/* The other way round, and with channels last: `type` is that of the result. */
static yg_node from_planes(yg_graph *to, yg_node y, const yg_type *type) {
    const int rank = type->rank;
    yg_type first = *type;
    int64_t order[YG_MAX_RANK] = {0};
    first.shape[1] = type->shape[rank - 1];
    order[rank - 1] = 1;
    for (int d = 1; d < rank - 1; d++) {
        first.shape[d + 1] = type->shape[d];
        order[d] = d + 1;
    }
    return yg_permute(to, yg_reshape(to, y, &first), order);
}

/* Another rule may have taken the permutation away in this round: then all stays as it is. */
static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const yg_op *op = yg_node_op(r->graph, node);
    const yg_attr *attrs = yg_node_attrs(r->graph, node);
    const yg_node x = made[yg_node_operand(r->graph, node, 0)];
    if (x == YG_NONE)
        return YG_NONE;
    yg_node results[YG_OP_MAX_RESULTS];
    if (!puts_channels_last(to, x))
        return yg_apply_all(to, op, &x, 1, attrs, results, YG_OP_MAX_RESULTS) ? results[0]
                                                                              : YG_NONE;
    const yg_node planes = as_planes(to, yg_node_operand(to, x, 0));
    if (planes == YG_NONE || !yg_apply_all(to, op, &planes, 1, attrs, results, YG_OP_MAX_RESULTS))
        return YG_NONE;
    return from_planes(to, results[0], yg_node_type(r->graph, node));
}

const yg_rule yg_rule_pooling_planes = {
    .name = "pooling_planes",
    .doc = "pools images that have channels first as images of one channel",
    .op = &yg_op_permute,
    .candidate = puts_channels_last,
    .matches = matches,
    .build = build,
};
