/*
 * accumulate: c + a·b = addmm(c, a, b), which adds the product to c as it is computed, and mostly
 * over it: a sum of products is one buffer and not one for each.
 *
 * Only where c is in memory anyway. What an elementwise operator computes, or a broadcast
 * stretches, is better added by the fused group that it is in.
 *
 * Changes rounding: c is added to the terms of the product and not to their sum.
 */
#include "registry.h"
#include "rules.h"

enum { NO, YES };

static bool is_product(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == &yg_op_matmul && r->uses[node] == 1;
}

/* Which operand is the product that is added: the later one of two, so that the other is there. */
static int product_at(const yg_rewriting *r, yg_node node) {
    const yg_node *x = yg_node_operands(r->graph, node);
    if (is_product(r, x[0]) && is_product(r, x[1]))
        return x[1] > x[0] ? 1 : 0;
    return is_product(r, x[0]) ? 0 : is_product(r, x[1]) ? 1 : -1;
}

static bool is_in_memory(const yg_rewriting *r, yg_node node) {
    const yg_op *op = yg_node_op(r->graph, node);
    return !(op->flags & (YG_OP_ELEMENTWISE | YG_OP_LEAF | YG_OP_VIEW)) && op != &yg_op_broadcast;
}

/* What was said of the additions before, in their order, stands in the scratch. */
static bool matches(const yg_rewriting *r, yg_node node) {
    if (yg_node_op(r->graph, node) != &yg_op_add)
        return false;
    const int at = product_at(r, node);
    const yg_node c = at < 0 ? YG_NONE : yg_node_operand(r->graph, node, (size_t)(1 - at));
    const bool good = at >= 0 && r->uses[c] == 1 && (r->scratch[c] == YES || is_in_memory(r, c));
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
    .doc = "adds a matrix product to what is there as it is computed",
    .op = &yg_op_matmul,
    .matches = matches,
    .build = build,
};
