/*
 * Rewriting rules: equivalents that can be told only when every user of a node is known, which is
 * when a program is compiled. What can be told from a node's operands alone is yg_op.simplify.
 *
 * Rules come with a set of operators (yg_op_set.rules) and are tried in that order, again and again
 * until none matches: what one makes another can use, whichever comes first. What reads an
 * equivalent is built again, so it is simplified, and equal nodes merge. Where one matches, the
 * program is compiled from a copy of the graph, its own, in which `build` has made the equivalents;
 * the caller's graph stays as it is. A rule may change rounding; the passes after it do not change
 * a bit.
 */
#ifndef YG_GRAPH_REWRITE_H
#define YG_GRAPH_REWRITE_H

#include "graph.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* What a rule may ask about the graph that it is tried on. The arrays are by node. */
typedef struct yg_rewriting {
    const yg_graph *graph;
    const bool *live;     /* some output or update needs it; of others nothing is known */
    const uint32_t *uses; /* how many operands of live nodes it is, outputs and updates counted too:
                             1 for a node that nothing but its one user sees */
    const yg_node *user;  /* a live node that it is an operand of: that one user, where uses is 1;
                             YG_NONE where it is an output or an update only */
    yg_node *scratch;     /* the rule's own: YG_NONE before its first call, kept between calls */
} yg_rewriting;

struct yg_rule {
    const char *name; /* for yg_compile_options.without; lower_snake_case */
    const char *doc;  /* a phrase, no full stop */
    const yg_op *op;  /* a graph without a node of this operator is not tried */
    /* Optional: nor is a graph where it holds of no node of that operator. It is all that most
     * graphs are asked, so that long ones are not gone through for nothing. */
    bool (*candidate)(const yg_graph *graph, yg_node node);

    /* Whether `build` has an equivalent for a live node. Asked of every live node, in order, so the
     * answer for most must be quick. */
    bool (*matches)(const yg_rewriting *rewriting, yg_node node);

    /* Makes, in the graph `to`, the equivalent of a node that matched: of the same type.
     * made[x] is the node of `to` that stands for the live node x < node. */
    yg_node (*build)(const yg_rewriting *rewriting, yg_graph *to, yg_node node,
                     const yg_node *made);

    /* Optional: the live node whose work the equivalent mostly does, for profiles and messages.
     * NULL: of the node that matched. */
    yg_node (*work_of)(const yg_rewriting *rewriting, yg_node node);
};

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
