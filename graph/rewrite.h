/*
 * Rewriting rules: each replaces nodes by something equivalent that is faster. Rules are tried when
 * a program is compiled, because all users of a node are known only then. A replacement that
 * depends on a node's operands alone is made earlier, by yg_op.simplify.
 *
 * Rules belong to a set of operators (yg_op_set.rules). They are tried in that order, in at most
 * four rounds, until none matches. So each rule can use what any other has made.
 *
 * If a rule matches, the program is compiled from a clone of the graph in which `build` has made
 * the replacements. The readers of a replacement are built again: they may be simplified, and equal
 * nodes merge. The caller's graph stays as it is.
 *
 * A rule may change rounding, and its file says whether it does. Passes never change a bit.
 */
#ifndef YG_GRAPH_REWRITE_H
#define YG_GRAPH_REWRITE_H

#include "graph.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* The graph that a rule is tried on. The arrays are by node. */
typedef struct yg_rewriting {
    const yg_graph *graph;
    const bool *live; /* an output or an update needs it. Ask nothing else about other nodes */
    /* How many operands of live nodes it is. Each output and each update that it is counts too. So
     * uses[node] == 1 means that a single reader sees it, and a rule may replace both together. */
    const uint32_t *uses;
    /* The last live node that reads it: the only one if uses[node] == 1. YG_NONE if only outputs
     * and updates do. */
    const yg_node *user;
    /* Whether a parameter has an update. Then both the parameter and the value count one use. */
    const bool *updated;
    yg_node *scratch; /* for the rule's own use: YG_NONE at first, kept between its calls */
} yg_rewriting;

struct yg_rule {
    const char *name; /* for yg_compile_options.without; lower_snake_case */
    const char *doc;  /* a phrase, no full stop */
    const yg_op *op;  /* the rule is tried only on graphs that have a node of this operator */
    /* What it builds must wait in memory and cannot be computed again one by one. So it is left out
     * of a program that computes values again (yg_compile_options.recompute). It must then give the
     * same bits as what it replaces. */
    bool keeps;
    /* Of the rule that joins steps of groups, and does not rewrite: its loops. NULL after the last.
     * The other members below are then not asked. NULL: it is a rule that rewrites. */
    const struct yg_fused_loop *const *loops;
    /* Optional, to skip more graphs quickly: the rule is tried only if this returns true for some
     * node of that operator. */
    bool (*candidate)(const yg_graph *graph, yg_node node);

    /* Whether `build` can replace a node. Asked for every live node without effects, in order, so
     * it must be quick for most of them. */
    bool (*matches)(const yg_rewriting *rewriting, yg_node node);

    /* Builds, in the graph `to`, the replacement for a node that matched. It must have the same
     * type. made[x] is the node of `to` that stands for the live node x < node. */
    yg_node (*build)(const yg_rewriting *rewriting, yg_graph *to, yg_node node,
                     const yg_node *made);

    /* Optional: the live node whose work the replacement mostly does. Profiles and messages name
     * it. NULL: the node that matched. */
    yg_node (*work_of)(const yg_rewriting *rewriting, yg_node node);
};

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
