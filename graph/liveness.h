/*
 * Liveness: an estimate of how many bytes a graph holds in memory at each node. It is made from the
 * graph alone, before there is a plan: pass_recompute.c needs it to decide what to compute again.
 * Private to graph/.
 *
 * The estimate assumes:
 * - Nodes run in the order of the graph.
 * - A value is in memory from its node to its last reader.
 * - A view, and a broadcast that is read in place, has no bytes of its own.
 * - An elementwise value stays in registers if all of its readers are elementwise and follow within
 *   a few nodes: the pass `fuse` will put them into one group.
 */
#ifndef YG_GRAPH_LIVENESS_H
#define YG_GRAPH_LIVENESS_H

#include "clone.h"

typedef struct yg_liveness {
    const yg_graph *graph; /* borrowed */
    bool *live;            /* by node: an output or an update needs it */
    yg_node *root;         /* by node: the node whose bytes it shares; itself if it is no view */
    yg_node *last;         /* by root: its last reader; the graph's size if it is kept to the end */
    int64_t *bytes;        /* by root: its bytes in memory; 0 for leaves and values in registers */
    int64_t peak;          /* the most bytes that are in memory at one node */
    yg_node at;            /* the first node with that many */
} yg_liveness;

/* Linear in the nodes. False when out of memory, with *error set. Call yg_liveness_free() in any
 * case. */
bool yg_liveness_make(const yg_request *request, yg_liveness *out, yg_error *error);
void yg_liveness_free(yg_liveness *liveness);

#endif
