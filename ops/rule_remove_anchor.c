/*
 * The rule remove_anchor: replaces anchor(x) by x. When a program is compiled, all gradients have
 * been built, and the node only keeps its neighbours from being fused or simplified.
 *
 * May change rounding, because the readers of x are built again and may be simplified.
 */
#include "registry.h"
#include "rules.h"

static bool matches(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == &yg_op_anchor;
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    (void)to;
    return made[yg_node_operand(r->graph, node, 0)];
}

const yg_rule yg_rule_remove_anchor = {
    .name = "remove_anchor",
    .doc = "takes out nodes that only marked where a gradient begins",
    .op = &yg_op_anchor,
    .matches = matches,
    .build = build,
};
