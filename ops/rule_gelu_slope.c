/*
 * The rule gelu_slope: where a program computes both gelu(x) and its gradient, gelu_with_slope
 * computes the derivative beside the value, and the gradient is a product. exp(-x²/2) and Φ(x) are
 * then computed once. The derivative waits in memory in place of x.
 *
 * Both operators match, the gradient only if it is the last reader of x: otherwise x would wait as
 * well. The builder merges the two nodes of gelu_with_slope.
 *
 * In float32 only: there both kernels give the bits of the two that they replace, so that a program
 * that computes values again, and does without the rule, gives the same bits.
 */
#include "build.h"
#include "gelu_with_slope.h"
#include "registry.h"
#include "rules.h"

/* gelu's attribute `approximate`: its first choice is the exact form. */
static bool is_exact(const yg_graph *graph, yg_node node) {
    return yg_node_attrs(graph, node)[0].i == 0;
}

/* scratch[x] is the gelu of x that matched. */
static bool matches(const yg_rewriting *r, yg_node node) {
    const yg_op *op = yg_node_op(r->graph, node);
    if (op == &yg_op_gelu_gradient)
        return r->scratch[yg_node_operand(r->graph, node, 1)] != YG_NONE;
    if (op != &yg_op_gelu || !is_exact(r->graph, node) ||
        yg_node_type(r->graph, node)->dtype != YG_F32)
        return false;
    const yg_node x = yg_node_operand(r->graph, node, 0), last = r->user[x];
    if (yg_node_op(r->graph, last) != &yg_op_gelu_gradient ||
        yg_node_operand(r->graph, last, 1) != x)
        return false;
    r->scratch[x] = node;
    return true;
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const bool is_value = yg_node_op(r->graph, node) == &yg_op_gelu;
    const yg_node *operands = yg_node_operands(r->graph, node);
    const yg_node x = made[operands[is_value ? 0 : 1]];
    yg_node results[2];
    if (yg_apply_all(to, &yg_op_gelu_with_slope, &x, 1, NULL, results, 2) != 2)
        return YG_NONE;
    if (is_value)
        return results[YG_GELU_VALUE];
    return yg_multiply(to, made[operands[0]], results[YG_GELU_SLOPE]);
}

const yg_rule yg_rule_gelu_slope = {
    .name = "gelu_slope",
    .doc = "computes gelu and its derivative in one pass",
    .op = &yg_op_gelu_gradient,
    .keeps = true,
    .matches = matches,
    .build = build,
};
