/*
 * Liveness: what a graph keeps in memory at which node, estimated from the graph alone, before it
 * is cut into units. Private to graph/.
 *
 * Nodes run in their order, a value is kept from its node to its last reader, views and broadcasts
 * that are read in place are their operand's bytes, and an elementwise value that only elementwise
 * nodes soon after it read stays in registers.
 */
#ifndef YG_GRAPH_LIVENESS_H
#define YG_GRAPH_LIVENESS_H

#include "clone.h"

typedef struct yg_liveness {
    const yg_graph *graph;
    bool *live;
    yg_node *root;  /* the node whose bytes it has: itself, or through views */
    yg_node *last;  /* by root: the last that reads it; the graph's size where it is kept */
    int64_t *bytes; /* by root: what it takes; 0 for leaves and in registers */
    int64_t peak;   /* the most bytes at once … */
    yg_node at;     /* … and the first node at which they are */
} yg_liveness;

/* False when out of memory, which is said in *error. Freed with yg_liveness_free() in any case. */
bool yg_liveness_make(const yg_request *request, yg_liveness *out, yg_error *error);
void yg_liveness_free(yg_liveness *liveness);

#endif
