/*
 * A network: the graph of a model for given sizes, with its inputs, parameters and results by name.
 */
#ifndef YG_MODELS_LOADER_NETWORK_H
#define YG_MODELS_LOADER_NETWORK_H

#include "../../graph/pool.h"
#include "../model.h"

struct yg_network {
    yg_pool *pool;
    yg_graph *graph;
    yg_tensor_name *inputs, *targets, *outputs, *metrics;
    size_t input_count, target_count, output_count, metric_count;
    yg_network_parameter *parameters;
    size_t parameter_count;
    yg_network_update *updates;
    size_t update_count;
    yg_network_layer *layers;
    size_t layer_count;
    yg_node loss;
    yg_node forward_end; /* see yg_network_forward_end() */
    yg_node *ratios;     /* two for each metric; YG_NONE where it is no ratio */
};

/* The flags of a network's graph: YG_GRAPH_…. */
unsigned yg_network_flags(const yg_network_options *options);

/* Makes an empty network with an empty graph. NULL on failure. */
yg_network *yg_network_new(const yg_op_set *ops, const yg_network_options *options,
                           yg_error *error);

#endif
