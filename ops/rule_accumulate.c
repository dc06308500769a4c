/*
 * The rule accumulate: c + a·b = addmm(c, a, b).
 *
 * The kernel of addmm adds the product to c while it computes it, and can usually write over c. So
 * a sum of n products needs one buffer, not n.
 *
 * The rule applies only if c is in memory anyway, and is not read again: if a whole-tensor kernel
 * computes it, or if it is a parameter that has an update. The result of an elementwise operator or
 * a broadcast is cheaper to add inside its fused group.
 *
 * Changes rounding: c is added to the first terms of the product, not to their sum.
 */
#include "registry.h"
#include "rules.h"

enum { NO, YES };

static bool is_product(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == &yg_op_matmul && r->uses[node] == 1;
}

/* Which operand of a sum is the product to merge; -1 if neither is one. If both are, the later
 * node: the other one is then computed already, and becomes c. */
static int product_at(const yg_rewriting *r, yg_node node) {
    const yg_node *x = yg_node_operands(r->graph, node);
    if (is_product(r, x[0]) && is_product(r, x[1]))
        return x[1] > x[0] ? 1 : 0;
    return is_product(r, x[0]) ? 0 : is_product(r, x[1]) ? 1 : -1;
}

/* Whether a whole-tensor kernel computes the node. */
static bool is_in_memory(const yg_rewriting *r, yg_node node) {
    const yg_op *op = yg_node_op(r->graph, node);
    return !(op->flags & (YG_OP_ELEMENTWISE | YG_OP_LEAF | YG_OP_VIEW)) && op != &yg_op_broadcast;
}

/* Whether the node is a parameter that is read once, and then written over. */
static bool is_replaced(const yg_rewriting *r, yg_node node) {
    return yg_node_is_parameter(r->graph, node) && r->updated[node] && r->uses[node] == 2;
}

/* Nodes are asked in order, and scratch[node] keeps the answer. An addition that matched becomes an
 * addmm, which is in memory too; so a chain of additions matches one after the other. */
static bool matches(const yg_rewriting *r, yg_node node) {
    if (yg_node_op(r->graph, node) != &yg_op_add)
        return false;
    const int at = product_at(r, node);
    const yg_node c = at < 0 ? YG_NONE : yg_node_operand(r->graph, node, (size_t)(1 - at));
    const bool good =
        at >= 0 &&
        (is_replaced(r, c) || (r->uses[c] == 1 && (r->scratch[c] == YES || is_in_memory(r, c))));
    r->scratch[node] = good ? YES : NO;
    return good;
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const int at = product_at(r, node);
    const yg_node c = yg_node_operand(r->graph, node, (size_t)(1 - at));
    const yg_node product = yg_node_operand(r->graph, node, (size_t)at);
    const yg_node operands[] = {made[c], made[yg_node_operand(r->graph, product, 0)],
                                made[yg_node_operand(r->graph, product, 1)]};
    return yg_apply(to, &yg_op_addmm, operands, 3, yg_node_attrs(r->graph, product));
}

const yg_rule yg_rule_accumulate = {
    .name = "accumulate",
    .doc = "adds a matrix product to another tensor while it is computed",
    .op = &yg_op_matmul,
    .matches = matches,
    .build = build,
};
