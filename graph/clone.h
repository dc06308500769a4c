/*
 * Clones: a changed copy of the graph that is being compiled, built node by node. The program owns
 * it; the caller's graph stays as it is. Rewriting rules and the passes early_effects,
 * early_updates and recompute work this way. Private to graph/.
 *
 *   yg_clone_begin()   an empty clone
 *   yg_clone_copy()    once for each node that it should have, in the new order
 *   yg_clone_end()     the outputs and updates, in nodes of the clone
 *   yg_clone_adopt()   the compiler goes on with the clone; or leave this out to throw it away
 *   yg_clone_drop()    always
 *
 * A clone's records own only their operands. Names, attributes and constants are those of the
 * original, which must outlive the program. Memory comes from the program's pool.
 */
#ifndef YG_GRAPH_CLONE_H
#define YG_GRAPH_CLONE_H

#include "plan.h"

/* The graph before a pass, for the verifier to compare with the pass's clone. */
typedef struct yg_before {
    yg_request request;
    yg_graph *own;   /* the program's clone, if it is request.graph; otherwise NULL */
    yg_node *source; /* by node of the compiler's graph: the node of request.graph that it was made
                        from. NULL: the graph is still the same */
} yg_before;

typedef struct yg_clone {
    yg_compiler *compiler;
    yg_request from;
    yg_graph *to;
    yg_node *made;   /* by node of from.graph: the latest copy of it in `to`, or YG_NONE */
    yg_node *source; /* by node of `to`: the node of from.graph that it was made from */
    bool merges;     /* equal nodes become one. Must be false to compute a node twice on purpose */
    size_t noted, source_capacity;
    yg_request result; /* set by yg_clone_end(): outputs and updates in nodes of `to` */
} yg_clone;

/* The request that the compiler works on now: the caller's, or that of the last adopted clone. */
yg_request yg_clone_request(const yg_compiler *compiler);

/* Sets live[node] for each node that the outputs, the updates and the nodes with effects need,
 * these included. `live` must be zeroed before. */
void yg_clone_live(const yg_request *request, bool *live);

/* Starts an empty clone. All functions below that return bool return false after a failure, with
 * the compiler's error set. Call yg_clone_drop() in any case. */
bool yg_clone_begin(yg_clone *derivation, yg_compiler *compiler, const yg_request *from);

/* Appends a copy of a node and notes it in made[node]. Its operands are replaced by made[operand],
 * so they must have been copied before. */
bool yg_clone_copy(yg_clone *derivation, yg_node node);

/* Notes in `source` that all nodes appended to `to` since the last call were made from `node`. */
bool yg_clone_note(yg_clone *derivation, yg_node node);

/* Fills in `result`, when all nodes have been copied. */
bool yg_clone_end(yg_clone *derivation);

/* After yg_clone_end(): the program owns the clone, and the compiler goes on with it. */
bool yg_clone_adopt(yg_clone *derivation);

/* Frees the clone unless it was adopted. */
void yg_clone_drop(yg_clone *derivation);

#endif
