/*
 * The beginning of a network: symbolic dimensions, inputs and targets become names of the builder.
 */
#include "../../graph/shards.h"
#include "builder.h"
#include "call.h"

#include <string.h>

static const yg_dim *find_dim(const yg_network_options *options, const char *name) {
    for (size_t i = 0; i < options->dim_count; i++)
        if (strcmp(options->dims[i].name, name) == 0)
            return &options->dims[i];
    return NULL;
}

/* Gives the names of a port's symbolic dimensions their sizes. */
static bool bind_dims(yg_builder *builder, const yg_port *port, const yg_network_options *options) {
    for (int d = 0; d < port->rank; d++) {
        const char *symbol = port->symbols[d];
        if (!symbol || yg_builder_find(builder, symbol))
            continue;
        const yg_dim *dim = find_dim(options, symbol);
        if (!dim && options->outputs_only && port->target)
            continue; /* only targets have that dimension, and they are left out */
        if (!dim || dim->size < 0)
            return yg_fail(builder->error, YG_ERROR_ARGUMENT, port->origin,
                           "the symbolic dimension '%s' of '%s' has no size", symbol, port->name);
        if (!yg_builder_add(builder, symbol, (yg_term){.kind = YG_TERM_INT, .i = dim->size}))
            return false;
    }
    return true;
}

static bool build_port(yg_builder *builder, yg_network *network, const yg_port *port) {
    int64_t shape[YG_MAX_RANK];
    for (int d = 0; d < port->rank; d++)
        shape[d] =
            port->symbols[d] ? yg_builder_find(builder, port->symbols[d])->i : port->shape[d];
    yg_type type;
    const yg_dtype dtype = yg_dtype_is_float(port->dtype) ? builder->dtype : port->dtype;
    yg_error failure = {0};
    if (!yg_type_make(dtype, port->rank, shape, &type, &failure))
        return yg_fail(builder->error, failure.code, port->origin, "'%s': %s", port->name,
                       failure.message);
    yg_graph_at(builder->graph, port->origin);
    const yg_node node = yg_input(builder->graph, port->name, &type);
    if (node == YG_NONE)
        return yg_fail_from_graph(builder, port->origin);
    yg_tensor_name *list = port->target ? network->targets : network->inputs;
    size_t *count = port->target ? &network->target_count : &network->input_count;
    list[(*count)++] = (yg_tensor_name){.name = port->name, .node = node, .origin = port->origin};
    return yg_builder_add(builder, port->name, (yg_term){.kind = YG_TERM_TENSOR, .node = node});
}

bool yg_builder_open(yg_builder *builder, const yg_model *model, yg_network *network,
                     const yg_network_options *options, yg_error *error) {
    *builder = (yg_builder){.ops = model->ops,
                            .graph = network->graph,
                            .graph_flags = yg_network_flags(options),
                            .pool = network->pool,
                            .dtype = options->dtype,
                            .training = options->training,
                            .in_units = options->in_units,
                            .units_context = options->units_context,
                            .error = error};
    yg_graph_set_shards(network->graph, options->shards);
    const size_t room = model->port_count + 1;
    network->inputs = yg_pool_take(network->pool, room * sizeof *network->inputs);
    network->targets = yg_pool_take(network->pool, room * sizeof *network->targets);
    if (!network->inputs || !network->targets)
        return yg_fail_memory(error);
    for (size_t i = 0; i < model->port_count; i++)
        if (!bind_dims(builder, &model->ports[i], options))
            return false;
    for (size_t i = 0; i < model->port_count; i++)
        if (!(options->outputs_only && model->ports[i].target) &&
            !build_port(builder, network, &model->ports[i]))
            return false;
    return true;
}
