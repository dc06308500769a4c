/*
 * Tensors in the units of a port, as nodes of a graph: for metrics with `units`. Private to train/.
 */
#ifndef YG_TRAIN_UNITS_NODE_H
#define YG_TRAIN_UNITS_NODE_H

#include "../data/data.h"

/* What a float64 tensor of the port's shape is in the port's units; `context` is the yg_data. It
 * computes what yg_encoding_in_units() does. As yg_network_options.in_units. */
yg_node yg_units_node(void *context, yg_graph *graph, size_t port, yg_node node);

#endif
