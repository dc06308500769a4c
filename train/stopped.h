/*
 * Which parameters lie before a stop_gradient. Private to the gradient check.
 *
 * There a gradient leaves out a part of the derivative, as its writer wants it. Differences have
 * that part, so they cannot tell whether such a gradient is right.
 */
#ifndef YG_TRAIN_STOPPED_H
#define YG_TRAIN_STOPPED_H

#include "../graph/graph.h"

/* For each node of the graph below `end`: whether a stop_gradient depends on it. Freed by the
 * caller; NULL when out of memory. */
bool *yg_stopped_nodes(const yg_graph *graph, yg_node end);

#endif
