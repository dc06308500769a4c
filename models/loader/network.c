/*
 * The public functions on networks (model.h).
 */
#include "network.h"

#include "initializers.h"

unsigned yg_network_flags(const yg_network_options *options) {
    return options->graph_flags | (options->training ? YG_GRAPH_TRAINING : 0u) |
           (options->dtype == YG_F64 ? YG_GRAPH_F64 : 0u);
}

yg_network *yg_network_new(const yg_op_set *ops, const yg_network_options *options,
                           yg_error *error) {
    if (!yg_dtype_is_float(options->dtype)) {
        yg_fail(error, YG_ERROR_DTYPE, YG_NOWHERE, "a network's type is f32 or f64, not %s",
                yg_dtype_name(options->dtype));
        return NULL;
    }
    yg_pool *pool = yg_pool_new();
    yg_network *network = pool ? yg_pool_take(pool, sizeof *network) : NULL;
    if (!network) {
        yg_pool_free(pool);
        yg_fail_memory(error);
        return NULL;
    }
    *network = (yg_network){.pool = pool, .loss = YG_NONE};
    network->graph = yg_graph_new(ops, yg_network_flags(options));
    if (!network->graph) {
        yg_network_free(network);
        yg_fail_memory(error);
        return NULL;
    }
    return network;
}

void yg_network_free(yg_network *network) {
    if (!network)
        return;
    yg_graph_free(network->graph);
    yg_pool_free(network->pool);
}

yg_graph *yg_network_graph(yg_network *network) {
    return network->graph;
}

const yg_tensor_name *yg_network_inputs(const yg_network *network, size_t *count) {
    *count = network->input_count;
    return network->inputs;
}

const yg_tensor_name *yg_network_targets(const yg_network *network, size_t *count) {
    *count = network->target_count;
    return network->targets;
}

const yg_tensor_name *yg_network_outputs(const yg_network *network, size_t *count) {
    *count = network->output_count;
    return network->outputs;
}

bool yg_network_ratio(const yg_network *network, size_t metric, yg_node sums[2]) {
    sums[0] = network->ratios[2 * metric];
    sums[1] = network->ratios[2 * metric + 1];
    return sums[0] != YG_NONE;
}

yg_node yg_network_forward_end(const yg_network *network) {
    return network->forward_end;
}

const yg_tensor_name *yg_network_metrics(const yg_network *network, size_t *count) {
    *count = network->metric_count;
    return network->metrics;
}

const yg_network_parameter *yg_network_parameters(const yg_network *network, size_t *count) {
    *count = network->parameter_count;
    return network->parameters;
}

const yg_network_update *yg_network_updates(const yg_network *network, size_t *count) {
    *count = network->update_count;
    return network->updates;
}

const yg_network_layer *yg_network_layers(const yg_network *network, size_t *count) {
    *count = network->layer_count;
    return network->layers;
}

yg_node yg_network_loss(const yg_network *network) {
    return network->loss;
}

bool yg_network_initialize(const yg_network *network, const yg_network_parameter *parameter,
                           uint64_t seed, void *data, yg_error *error) {
    return yg_initializer_fill(parameter->init, yg_node_type(network->graph, parameter->node),
                               parameter->name, seed, data, error);
}
