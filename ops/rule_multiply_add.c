/*
 * multiply_add: a·b + c, c - a·b and a·b - c are one step of a fused group and not two.
 *
 * A step loads its operands from the L1 cache and stores its result there, which takes longer than
 * the arithmetic: in f32 a product and a sum 0.085 ns an element, both in one 0.06.
 *
 * Only where the sum can be computed as soon as the product is. Where it has to wait for another
 * kernel, the product is one value to keep in the meantime, and its operands would be two. Scalars
 * are left alone: there is little to gain, and a long chain of them would be copied for it.
 *
 * Does not change a bit: the product is rounded before it is added.
 */
#include "multiply_add.h"
#include "registry.h"
#include "rules.h"

static bool is_worth_it(const yg_graph *graph, yg_node node) {
    const yg_type *type = yg_node_type(graph, node);
    return yg_dtype_is_float(type->dtype) && yg_type_count(type) > 1;
}

/* The latest whole-tensor kernel that a node waits for, in the scratch: 0 for none. */
static void note_kernel(const yg_rewriting *r, yg_node node) {
    const yg_op *op = yg_node_op(r->graph, node);
    const bool is_kernel =
        !(op->flags & (YG_OP_ELEMENTWISE | YG_OP_LEAF | YG_OP_VIEW)) && op != &yg_op_broadcast;
    yg_node latest = is_kernel ? node : 0;
    const yg_node *x = yg_node_operands(r->graph, node);
    for (size_t k = 0; k < yg_node_operand_count(r->graph, node) && !is_kernel; k++)
        latest = r->scratch[x[k]] > latest ? r->scratch[x[k]] : latest;
    r->scratch[node] = latest;
}

static bool is_product(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == &yg_op_multiply && r->uses[node] == 1;
}

/* Which operand is the product: the one that waits longer, or the later one of two that wait
 * equally long; -1 if there is none that the sum need not wait for. */
static int product_at(const yg_rewriting *r, yg_node node) {
    const yg_node *x = yg_node_operands(r->graph, node), a = r->scratch[x[0]], b = r->scratch[x[1]];
    const bool first = is_product(r, x[0]) && a >= b, second = is_product(r, x[1]) && b >= a;
    if (first && second)
        return x[1] > x[0] ? 1 : 0;
    return first ? 0 : second ? 1 : -1;
}

static bool matches(const yg_rewriting *r, yg_node node) {
    const yg_op *op = yg_node_op(r->graph, node);
    note_kernel(r, node);
    return (op == &yg_op_add || op == &yg_op_subtract) && is_worth_it(r->graph, node) &&
           product_at(r, node) >= 0;
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const int at = product_at(r, node);
    const yg_node product = yg_node_operand(r->graph, node, (size_t)at);
    const yg_node operands[] = {made[yg_node_operand(r->graph, product, 0)],
                                made[yg_node_operand(r->graph, product, 1)],
                                made[yg_node_operand(r->graph, node, (size_t)(1 - at))]};
    const bool adds = yg_node_op(r->graph, node) == &yg_op_add;
    const yg_attr form = {.i = adds      ? YG_PRODUCT_PLUS_C
                               : at == 0 ? YG_PRODUCT_MINUS_C
                                         : YG_C_MINUS_PRODUCT};
    return yg_apply(to, &yg_op_multiply_add, operands, 3, &form);
}

const yg_rule yg_rule_multiply_add = {
    .name = "multiply_add",
    .doc = "makes a product and the sum that it is added to one step",
    .op = &yg_op_multiply,
    .candidate = is_worth_it,
    .matches = matches,
    .build = build,
};
