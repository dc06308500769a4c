/*
 * Checks values while a program runs: see bounded.c.
 */
#ifndef YG_OPS_BOUNDED_H
#define YG_OPS_BOUNDED_H

#include "../graph/graph.h"

/* What the checked tensor is, in messages. */
enum { YG_BOUNDED_X, YG_BOUNDED_VARIANCE, YG_BOUNDED_LENGTHS };

/* x, the elements of which must lie in [low, high] whenever a result is computed from it. */
yg_node yg_bounded(yg_graph *graph, yg_node x, double low, double high, int what);

#endif
