/*
 * The rule remove_stop_gradient: replaces stop_gradient(x) by x. All gradients are there when a
 * program is compiled, and then the node only keeps its operand in memory for its readers.
 *
 * Changes no bit.
 */
#include "registry.h"
#include "rules.h"

static bool matches(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == &yg_op_stop_gradient;
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    (void)to;
    return made[yg_node_operand(r->graph, node, 0)];
}

const yg_rule yg_rule_remove_stop_gradient = {
    .name = "remove_stop_gradient",
    .doc = "removes stop_gradient, which has done its work when gradients are built",
    .op = &yg_op_stop_gradient,
    .matches = matches,
    .build = build,
};
