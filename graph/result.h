/*
 * The results of an operator, as nodes. Private to the library.
 */
#ifndef YG_GRAPH_RESULT_H
#define YG_GRAPH_RESULT_H

#include "graph.h"

/* Which result of its operator a node is, from 0. *first becomes the node of result 0, which has
 * the operator; all other results are nodes without one of their own. */
size_t yg_node_result_index(const yg_graph *graph, yg_node node, yg_node *first);

#endif
