/*
 * Builds a network from the expanded model: parameters and statements in order, then outputs, loss
 * and metrics.
 */
#include "build_results.h"

/* -------------------------------------------------------------- without targets: for predict -- */

/* The names of values that depend on a target. A network for prediction has no targets, so it
 * leaves these out. */
typedef struct taint {
    yg_names names;
    bool found;
} taint;

static void visit_taint(void *context, const char *name) {
    taint *t = context;
    t->found = t->found || yg_names_find(&t->names, name) != YG_NOT_FOUND;
}

static bool begin_taint(const yg_builder *builder, const yg_model *model, taint *t) {
    for (size_t i = 0; i < model->port_count; i++) {
        const yg_port *port = &model->ports[i];
        if (port->target && !yg_names_add(&t->names, builder->pool, port->name))
            return yg_fail_memory(builder->error);
        for (int d = 0; port->target && d < port->rank; d++)
            if (port->symbols[d] && !yg_builder_find(builder, port->symbols[d]) &&
                yg_names_find(&t->names, port->symbols[d]) == YG_NOT_FOUND &&
                !yg_names_add(&t->names, builder->pool, port->symbols[d]))
                return yg_fail_memory(builder->error);
    }
    return true;
}

/* Whether a statement depends on a target. If so, its names are added to the taint. */
static bool is_tainted(const yg_builder *builder, taint *t, const yg_flat_statement *statement) {
    t->found = false;
    yg_visit_statements(statement, 1, visit_taint, t);
    for (size_t k = 0; t->found && k < statement->name_count; k++)
        if (!yg_names_add(&t->names, builder->pool, statement->names[k]))
            yg_fail_memory(builder->error);
    return t->found;
}

/* ------------------------------------------------------------------------------------- parts -- */

/* Parameters come first, then state: so they have the same order where the model is expanded. */
static bool build_params(yg_builder *builder, yg_network *network, const yg_flat *flat) {
    const size_t count = flat->param_names.count;
    network->parameters = yg_pool_take(builder->pool, (count + 1) * sizeof *network->parameters);
    if (!network->parameters)
        return yg_fail_memory(builder->error);
    for (int states = 0; states < 2; states++)
        for (size_t i = 0; i < count; i++) {
            const yg_flat_param *param = &flat->params[i];
            if (param->state != (states != 0))
                continue;
            yg_network_parameter *built = &network->parameters[network->parameter_count++];
            *built = (yg_network_parameter){.name = param->name,
                                            .trainable = param->trainable,
                                            .state = param->state,
                                            .init = param->init,
                                            .origin = param->origin};
            if (!yg_build_param(builder, param, &built->node))
                return false;
        }
    return true;
}

static bool build_statements(yg_builder *builder, const yg_model *model, const yg_flat *flat,
                             bool outputs_only) {
    taint t = {0};
    if (outputs_only && !begin_taint(builder, model, &t))
        return false;
    for (size_t i = 0; i < flat->statement_count; i++) {
        const yg_flat_statement *statement = &flat->statements[i];
        if (outputs_only && is_tainted(builder, &t, statement))
            continue;
        if (!yg_build_statement(builder, statement))
            return yg_blame(statement->frame, builder->error);
    }
    builder->inner = false;
    return true;
}

/* Lists the layers for `show`, except those whose result this network leaves out. */
static bool list_layers(yg_builder *builder, yg_network *network, const yg_flat *flat) {
    network->layers =
        yg_pool_take(builder->pool, (flat->layer_count + 1) * sizeof *network->layers);
    if (!network->layers)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < flat->layer_count; i++) {
        const yg_flat_layer *layer = &flat->layers[i];
        const yg_term *result = NULL;
        for (size_t k = 0; !result && k < layer->result_count; k++)
            result = yg_builder_find(builder, layer->results[k]);
        if (!result || result->kind != YG_TERM_TENSOR)
            continue;
        yg_network_layer *out = &network->layers[network->layer_count++];
        *out = (yg_network_layer){.name = layer->name,
                                  .type = layer->type,
                                  .output = result->node,
                                  .depth = layer->depth,
                                  .origin = layer->origin};
        for (size_t k = layer->param_begin; k < layer->param_end; k++)
            if (!flat->params[k].state)
                out->parameters += yg_type_count(yg_node_type(
                    network->graph, yg_builder_find(builder, flat->params[k].name)->node));
    }
    return true;
}

yg_network *yg_network_make(const yg_model *model, const yg_flat *flat,
                            const yg_network_options *options, yg_error *error) {
    yg_error failure = {0};
    yg_builder builder;
    yg_network *network = yg_network_new(model->ops, options, error);
    if (!network)
        return NULL;
    const bool opened = yg_builder_open(&builder, model, network, options, &failure);
    builder.anchors = &flat->anchors;
    if (!opened || !build_params(&builder, network, flat) ||
        !build_statements(&builder, model, flat, options->outputs_only) ||
        !yg_build_results(&builder, model, flat, network, options->outputs_only) ||
        !list_layers(&builder, network, flat)) {
        if (failure.code == YG_OK)
            yg_fail_memory(&failure);
        yg_fail_as(error, &failure);
        yg_network_free(network);
        return NULL;
    }
    yg_graph_at(network->graph, YG_NOWHERE);
    return network;
}

yg_network *yg_network_build(const yg_model *model, const yg_network_options *options,
                             yg_error *error) {
    return yg_network_make(model, model->flat, options, error);
}
