/*
 * The rule multiply_add: makes a·b + c, c - a·b and a·b - c one step of a fused group, not two.
 *
 * A step loads its operands from the L1 cache and stores its result there. That takes longer than
 * the arithmetic: in f32 a product and a sum take 0.085 ns an element as two steps, 0.06 as one.
 *
 * The rule leaves two cases alone:
 * - The sum must wait for another kernel after the product is computed. Until then the product is
 *   one value to keep; its two operands would be two. But a leaf or a broadcast is there anyway: so
 *   β · m of an optimizer's state m is merged, whichever kernel computes the gradient.
 * - Scalars. There is little to gain, and a long chain of scalars would be rebuilt for it.
 *
 * Changes no bit: the product is rounded before it is added.
 */
#include "multiply_add.h"
#include "registry.h"
#include "rules.h"
#include "two_products.h"

static bool is_worth_it(const yg_graph *graph, yg_node node) {
    const yg_type *type = yg_node_type(graph, node);
    return yg_dtype_is_float(type->dtype) && yg_type_count(type) > 1;
}

/* Writes to scratch[node] the latest node with a whole-tensor kernel that this node depends on, or
 * is itself; 0 if there is none. */
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

/* Whether a product, not yet computed, has no more to keep than its result: one of its operands is
 * in memory anyway. */
static bool keeps_no_more(const yg_rewriting *r, yg_node product) {
    for (size_t k = 0; k < 2; k++) {
        const yg_op *op = yg_node_op(r->graph, yg_node_operand(r->graph, product, k));
        if (op->flags & YG_OP_LEAF || op == &yg_op_broadcast)
            return true;
    }
    return false;
}

/* Whether operand k of a sum is a product to merge. The other operand must not keep the product
 * waiting; scratch says which kernel each waits for. */
static bool is_merged(const yg_rewriting *r, yg_node node, size_t k) {
    const yg_node product = yg_node_operand(r->graph, node, k);
    const yg_node other = yg_node_operand(r->graph, node, 1 - k);
    return is_product(r, product) &&
           (r->scratch[product] >= r->scratch[other] || keeps_no_more(r, product));
}

/* Which operands of a sum are products to merge: bit 0 for the first one, bit 1 for the second. */
static unsigned products_of(const yg_rewriting *r, yg_node node) {
    return (unsigned)is_merged(r, node, 0) | (unsigned)is_merged(r, node, 1) << 1;
}

static bool matches(const yg_rewriting *r, yg_node node) {
    const yg_op *op = yg_node_op(r->graph, node);
    note_kernel(r, node);
    return (op == &yg_op_add || op == &yg_op_subtract) && is_worth_it(r->graph, node) &&
           products_of(r, node) != 0;
}

static yg_node build_two(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const yg_node *x = yg_node_operands(r->graph, node);
    const yg_node operands[] = {
        made[yg_node_operand(r->graph, x[0], 0)], made[yg_node_operand(r->graph, x[0], 1)],
        made[yg_node_operand(r->graph, x[1], 0)], made[yg_node_operand(r->graph, x[1], 1)]};
    const bool adds = yg_node_op(r->graph, node) == &yg_op_add;
    const yg_attr form = {.i = adds ? YG_SUM_OF_PRODUCTS : YG_DIFFERENCE_OF_PRODUCTS};
    return yg_apply(to, &yg_op_two_products, operands, 4, &form);
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const unsigned products = products_of(r, node);
    if (products == 3)
        return build_two(r, to, node, made);
    const int at = products == 1 ? 0 : 1;
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
