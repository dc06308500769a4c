/*
 * Repeating along a dimension, for repeat_interleave and tile.
 */
#ifndef YG_OPS_REPEAT_H
#define YG_OPS_REPEAT_H

#include "../graph/graph.h"

/* x with `count` times as many elements along dimension `dim`: each element `count` times in a row
 * if `interleave` is set, otherwise the whole dimension `count` times. */
yg_node yg_repeat_along(yg_graph *graph, yg_node x, int dim, int64_t count, bool interleave);

#endif
