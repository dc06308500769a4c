/*
 * The rule sum_terms: a sum of squares, magnitudes, products or distances, which nothing else
 * reads, adds its terms up as it computes them. Several sums may read squares or magnitudes: each
 * computes them again.
 *
 * Otherwise each term is stored and loaded once more, a chunk at a time. That takes longer than the
 * sum where the operands come from the caches.
 *
 * Rounds as before. An operand that a fused group computes is then stored in place of the terms. So
 * of two operands at most one may be such.
 */
#include "build.h"
#include "registry.h"
#include "rules.h"
#include "sum_terms.h"

/* What a sum adds up: the term, and its operands, of which z is YG_NONE for a term of one. */
typedef struct terms {
    int term;
    yg_node x, z;
} terms;

/* Whether a node is read from memory anyway: not a step of a fused group with one reader. */
static bool is_stored(const yg_rewriting *r, yg_node node) {
    return !(yg_node_op(r->graph, node)->flags & YG_OP_ELEMENTWISE) || r->uses[node] > 1;
}

/* Whether a group would read the node without a pass of its own, as a broadcast. */
static bool is_stretched(const yg_graph *graph, yg_node node) {
    return yg_node_op(graph, node) == &yg_op_broadcast || yg_node_is_scalar(graph, node, NULL);
}

/* Whether a term may read both. */
static bool are_plain(const yg_rewriting *r, yg_node a, yg_node b) {
    return a != b && !is_stretched(r->graph, a) && !is_stretched(r->graph, b) &&
           (is_stored(r, a) || is_stored(r, b));
}

/* The terms of a sum. term is YG_TERMS if it has others. */
static terms terms_of(const yg_rewriting *r, yg_node sum) {
    const yg_graph *graph = r->graph;
    const yg_node e = yg_node_operand(graph, sum, 0);
    const yg_op *op = yg_node_op(graph, e);
    const terms none = {.term = YG_TERMS};
    if (yg_node_operand_count(graph, e) == 0 || !yg_dtype_is_float(yg_node_type(graph, e)->dtype))
        return none;
    const yg_node a = yg_node_operand(graph, e, 0);
    if (op == &yg_op_multiply && r->uses[e] == 1) {
        const yg_node b = yg_node_operand(graph, e, 1);
        return are_plain(r, a, b) ? (terms){YG_TERM_PRODUCT, a, b} : none;
    }
    if ((op != &yg_op_square && op != &yg_op_abs) || is_stretched(graph, a))
        return none;
    const bool squared = op == &yg_op_square;
    if (yg_node_op(graph, a) == &yg_op_subtract && r->uses[a] == 1 && r->uses[e] == 1) {
        const yg_node p = yg_node_operand(graph, a, 0), t = yg_node_operand(graph, a, 1);
        if (are_plain(r, p, t))
            return (terms){squared ? YG_TERM_SQUARED_DISTANCE : YG_TERM_DISTANCE, p, t};
    }
    return (terms){squared ? YG_TERM_SQUARE : YG_TERM_MAGNITUDE, a, YG_NONE};
}

/* Whether `sum` is the last reader of its terms, and all others are sums too. scratch[terms] counts
 * them. The one before is then the last in the next round. */
static bool ends_readers(const yg_rewriting *r, yg_node sum) {
    yg_node *seen = &r->scratch[yg_node_operand(r->graph, sum, 0)];
    *seen = *seen == YG_NONE ? 1 : *seen + 1;
    return *seen == r->uses[yg_node_operand(r->graph, sum, 0)];
}

static bool matches(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == &yg_op_sum && ends_readers(r, node) &&
           terms_of(r, node).term != YG_TERMS;
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const terms t = terms_of(r, node);
    const yg_attr *sum = yg_node_attrs(r->graph, node);
    const yg_attr attrs[YG_SUM_TERMS_ATTRS] = {[YG_SUM_TERMS_DIM] = sum[0],
                                               [YG_SUM_TERMS_KEEPDIM] = sum[1],
                                               [YG_SUM_TERMS_TERM] = {.i = t.term}};
    /* Only operand 0 can be taken in parts, while it is in the cache: the one that is made last. */
    const bool swapped = t.z != YG_NONE && t.z > t.x;
    const yg_node operands[] = {made[swapped ? t.z : t.x],
                                t.z == YG_NONE ? YG_NONE : made[swapped ? t.x : t.z]};
    return yg_apply(to, &yg_op_sum_terms, operands, t.z == YG_NONE ? 1 : 2, attrs);
}

const yg_rule yg_rule_sum_terms = {
    .name = "sum_terms",
    .doc = "adds up squares, magnitudes, products and distances as they are computed",
    .op = &yg_op_sum,
    .matches = matches,
    .build = build,
};
