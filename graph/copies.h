/*
 * Copies of nodes: a repeated layer makes the same nodes again and again. When a few copies have
 * been built by their rules, the others are appended as they are.
 */
#ifndef YG_GRAPH_COPIES_H
#define YG_GRAPH_COPIES_H

#include "graph.h"

/* Whether the last `count` times `size` nodes are that many copies of the same nodes: from copy to
 * copy, each operand is either the same node, or another node that lies equally far behind each
 * time. False as well if there is something in them that cannot be copied. */
bool yg_graph_has_copies(const yg_graph *graph, size_t size, size_t count);

/* Appends `more` copies of the last `size` nodes, which yg_graph_has_copies(graph, size, 2) has
 * found to be copies of those before them. A name with a number in it gets the number of its copy.
 * False after a failure; the graph then has the error. */
bool yg_graph_add_copies(yg_graph *graph, size_t size, size_t more);

#endif
