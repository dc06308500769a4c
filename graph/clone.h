/*
 * Deriving: from the graph that is being compiled to one of the program's own, node by node.
 * Private to graph/; rewriting (rewrite.c) and recomputing (pass_recompute.c) are done this way.
 *
 * A clone holds its records' operands and no more: the rest is the original's, which
 * outlives the program. What is taken for it is taken from the program's pool.
 */
#ifndef YG_GRAPH_CLONE_H
#define YG_GRAPH_CLONE_H

#include "plan.h"

/* What a program computes, as yg_compile() is asked for it. */
typedef struct yg_request {
    const yg_graph *graph;
    const yg_node *outputs;
    size_t output_count;
    const yg_update *updates;
    size_t update_count;
    bool keeps_dead; /* what nothing needs counts as live */
} yg_request;

typedef struct yg_clone {
    yg_compiler *compiler;
    yg_request from;
    yg_graph *to;
    yg_node *made;   /* by node of from.graph: what stands for it now, or YG_NONE */
    yg_node *source; /* by node of `to`: the node of from.graph that it was made from */
    bool merges;     /* equal nodes become one: not where nodes are computed again on purpose */
    size_t noted, source_capacity;
    yg_request result; /* after yg_clone_end() */
} yg_clone;

/* What the compiler compiles at the moment. */
yg_request yg_clone_request(const yg_compiler *compiler);

/* Which nodes outputs and updates need: by node, `live` zeroed before. */
void yg_clone_live(const yg_request *request, bool *live);

/* After each call but one that failed, yg_clone_drop() must follow. False, after a failure too, is
 * the compiler's error. */
bool yg_clone_begin(yg_clone *derivation, yg_compiler *compiler, const yg_request *from);

/* A copy of a node, operands replaced by what stands for them; made[node] from then on. */
bool yg_clone_copy(yg_clone *derivation, yg_node node);

/* Says that the nodes that `to` has grown by since the last call were made from `node`. */
bool yg_clone_note(yg_clone *derivation, yg_node node);

/* Fills in `result`. */
bool yg_clone_end(yg_clone *derivation);

/* After yg_clone_end(): the compiler goes on with the result, and the program owns it. */
bool yg_clone_adopt(yg_clone *derivation);

/* Frees what was not adopted. */
void yg_clone_drop(yg_clone *derivation);

#endif
