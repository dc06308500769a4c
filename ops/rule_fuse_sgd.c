/*
 * The rule fuse_sgd: w - s·(a·b) = addmm(w, -s·a, b), for a parameter w and a scalar s.
 *
 * This is the step of gradient descent where the gradient is a matrix product, as it is for the
 * weight of a dense layer. addmm subtracts from w while it computes the product, and can usually
 * write over w (YG_OP_IN_PLACE). The gradient, which is as large as w, is never stored.
 *
 * The scalar multiplies a or b, whichever has fewer elements. The rule applies only if that operand
 * has fewer elements than the product: otherwise scaling it costs more than the step saves.
 *
 * Changes rounding: the terms of the product are scaled, not their sum, and w is added to the first
 * of them.
 */
#include "build.h"
#include "registry.h"
#include "rules.h"

/* The parts of w - s·(a·b): nodes of the graph that is being rewritten. */
typedef struct step {
    yg_node w;       /* the parameter */
    yg_node scalar;  /* s before it was broadcast to the product's shape: one element */
    yg_node product; /* a·b, a matmul */
} step;

static bool is_product(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == &yg_op_matmul && r->uses[node] == 1;
}

/* If `node` broadcasts a tensor of one element, that tensor; otherwise YG_NONE. */
static yg_node scalar_of(const yg_graph *graph, yg_node node) {
    if (yg_node_op(graph, node) != &yg_op_broadcast)
        return YG_NONE;
    const yg_node source = yg_node_operand(graph, node, 0);
    return yg_type_count(yg_node_type(graph, source)) == 1 ? source : YG_NONE;
}

/* Whether `node` is such a step; if so, fills in *found. Neither the scaled gradient nor the
 * product may have another user: it would then be computed anyway. */
static bool find_step(const yg_rewriting *r, yg_node node, step *found) {
    const yg_graph *graph = r->graph;
    if (yg_node_op(graph, node) != &yg_op_subtract)
        return false;
    const yg_node scaled = yg_node_operand(graph, node, 1);
    if (yg_node_op(graph, scaled) != &yg_op_multiply || r->uses[scaled] != 1)
        return false;
    found->w = yg_node_operand(graph, node, 0);
    for (size_t k = 0; k < 2; k++) {
        found->product = yg_node_operand(graph, scaled, k);
        found->scalar = scalar_of(graph, yg_node_operand(graph, scaled, 1 - k));
        if (is_product(r, found->product) && found->scalar != YG_NONE)
            return yg_node_is_parameter(graph, found->w);
    }
    return false;
}

/* The operand of the product that has fewer elements: 0 for a, 1 for b. */
static size_t smaller_operand(const yg_graph *graph, yg_node product) {
    const yg_node *x = yg_node_operands(graph, product);
    return yg_type_count(yg_node_type(graph, x[1])) < yg_type_count(yg_node_type(graph, x[0]));
}

static bool matches(const yg_rewriting *r, yg_node node) {
    step s;
    if (!find_step(r, node, &s))
        return false;
    const yg_node operand =
        yg_node_operand(r->graph, s.product, smaller_operand(r->graph, s.product));
    return yg_type_count(yg_node_type(r->graph, operand)) <
           yg_type_count(yg_node_type(r->graph, s.product));
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    step s;
    if (!find_step(r, node, &s))
        return YG_NONE;
    yg_node operands[3] = {made[s.w], made[yg_node_operand(r->graph, s.product, 0)],
                           made[yg_node_operand(r->graph, s.product, 1)]};
    yg_node *scaled = &operands[1 + smaller_operand(r->graph, s.product)];
    const yg_type scalar = yg_type_scalar(yg_node_type(to, *scaled)->dtype);
    const yg_node factor = yg_negative(to, yg_reshape(to, made[s.scalar], &scalar)); /* of rank 0 */
    *scaled = yg_multiply(to, *scaled, factor);
    return yg_apply(to, &yg_op_addmm, operands, 3, yg_node_attrs(r->graph, s.product));
}

/* Profiles show the work under the gradient's node: the product is the largest part of it. */
static yg_node gradient_of(const yg_rewriting *r, yg_node node) {
    step s;
    return find_step(r, node, &s) ? s.product : node;
}

const yg_rule yg_rule_fuse_sgd = {
    .name = "fuse_sgd",
    .doc = "takes a step along a gradient that is a matrix product as the product is computed",
    .op = &yg_op_matmul,
    .matches = matches,
    .build = build,
    .work_of = gradient_of,
};
