/*
 * Builds a network from the expanded model: parameters and statements in order, then outputs, loss
 * and metrics.
 */
#include "../../graph/copies.h"
#include "../../graph/shards.h"
#include "../../ops/shape.h"
#include "build_results.h"
#include "call.h"
#include "copies.h"

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

/* A network that is being made of an expanded model. */
typedef struct making {
    const yg_flat *flat;
    yg_builder *builder;
    taint *taint;                      /* NULL: targets are not left out */
    yg_node marks[YG_COPIES_COMPARED]; /* of the copies that are compared: their first nodes */
    bool *appended;                    /* by yg_flat.copies: no statement of theirs was built */
} making;

static bool build_one(making *m, const yg_flat_statement *statement) {
    if (m->taint && is_tainted(m->builder, m->taint, statement))
        return true;
    return yg_build_statement(m->builder, statement) ||
           yg_blame(statement->frame, m->builder->error);
}

/* Appends copies as they are, if those that have been built are equal. *done tells. */
static bool append_copies(making *m, const yg_flat_copies *copies, bool *done) {
    yg_builder *builder = m->builder;
    yg_graph *graph = builder->graph;
    const size_t size = yg_graph_size(graph) - m->marks[YG_COPIES_COMPARED - 1];
    const yg_term *before = yg_builder_find(builder, copies->result_before);
    const yg_term *last = yg_builder_find(builder, copies->result);
    bool even = before && last && before->kind == YG_TERM_TENSOR && last->kind == YG_TERM_TENSOR &&
                last->node - before->node == size;
    for (int i = 1; i < YG_COPIES_COMPARED; i++)
        even = even && m->marks[i] - m->marks[i - 1] == size;
    *done = even && yg_graph_has_copies(graph, size, YG_COPIES_COMPARED);
    if (!*done)
        return true;
    const yg_term result = {.kind = YG_TERM_TENSOR,
                            .node = last->node + (yg_node)size * (yg_node)copies->count};
    return yg_graph_add_copies(graph, size, (size_t)copies->count)
               ? yg_builder_add(builder, copies->last, result)
               : yg_fail_from_graph(builder, YG_NOWHERE);
}

/* Builds the copies that follow a pattern, which ends before statement `end`. */
static bool build_copies(making *m, size_t end, size_t size) {
    const yg_flat_statement *pattern = &m->flat->statements[end - size];
    bool *done = &m->appended[pattern->copies->index];
    if (!append_copies(m, pattern->copies, done))
        return false;
    for (int64_t further = 1; !*done && further <= pattern->copies->count; further++)
        for (size_t k = 0; k < size; k++) {
            yg_flat_statement copy;
            if (!yg_copy_statement(m->builder->pool, &pattern[k] - size, &pattern[k], further,
                                   &copy))
                return yg_fail_memory(m->builder->error);
            if (!build_one(m, &copy))
                return false;
        }
    return true;
}

static bool build_statements(making *m) {
    const yg_flat *flat = m->flat;
    for (size_t i = 0; i < flat->statement_count; i++) {
        const yg_flat_statement *statement = &flat->statements[i];
        const yg_flat_statement *above = i > 0 ? statement - 1 : NULL;
        if (statement->copies &&
            (!above || above->copies != statement->copies || above->copy != statement->copy))
            m->marks[statement->copy] = (yg_node)yg_graph_size(m->builder->graph);
        const size_t size = yg_pattern_size(flat, i + 1);
        if (!build_one(m, statement) || (size > 0 && !build_copies(m, i + 1, size)))
            return false;
    }
    m->builder->inner = false;
    return true;
}

/* ----------------------------------------------------------------------------- layers, for show --
 */

static yg_network_layer make_layer(const yg_flat *flat, const yg_flat_layer *layer,
                                   yg_node output) {
    yg_network_layer made = {.name = layer->name,
                             .type = layer->type,
                             .output = output,
                             .depth = layer->depth,
                             .origin = layer->origin};
    for (size_t k = layer->param_begin; k < layer->param_end; k++) {
        const yg_flat_param *param = &flat->params[k];
        if (!param->state)
            made.parameters += yg_shape_product(param->shape, 0, param->rank);
    }
    return made;
}

/* The node of a layer's first result that exists, or YG_NONE. */
static yg_node find_output(const yg_builder *builder, const yg_flat_layer *layer) {
    const yg_term *result = NULL;
    for (size_t k = 0; !result && k < layer->result_count; k++)
        result = yg_builder_find(builder, layer->results[k]);
    return result && result->kind == YG_TERM_TENSOR ? result->node : YG_NONE;
}

/* The same for a layer `further` copies on. */
static yg_node find_copied_output(const making *m, const yg_flat_layer *before,
                                  const yg_flat_layer *layer, bool appended, int64_t further) {
    const yg_builder *builder = m->builder;
    const yg_node one = find_output(builder, before), two = find_output(builder, layer);
    if (appended)
        return two == YG_NONE ? YG_NONE : two + (yg_node)further * (two - one);
    const yg_term *result = NULL;
    for (size_t k = 0; !result && k < layer->result_count; k++) {
        yg_numbered name;
        yg_numbered_find(before->results[k], layer->results[k], &name);
        const char *text = yg_numbered_text(&name, further, builder->pool);
        result = text ? yg_builder_find(builder, text) : NULL;
    }
    return result && result->kind == YG_TERM_TENSOR ? result->node : YG_NONE;
}

/* Lists the layers of copies, which follow those of the pattern. */
static bool list_copies(const making *m, const yg_flat_copies *copies, yg_network *network) {
    const size_t count = copies->layer_end - copies->layer_begin;
    const bool appended = m->appended[copies->index];
    for (int64_t further = 1; further <= copies->count; further++)
        for (size_t i = copies->layer_begin; i < copies->layer_end; i++) {
            const yg_flat_layer *layer = &m->flat->layers[i], *before = layer - count;
            const yg_node output = find_copied_output(m, before, layer, appended, further);
            yg_network_layer *made = &network->layers[network->layer_count];
            yg_numbered name;
            if (output == YG_NONE)
                continue;
            *made = make_layer(m->flat, layer, output);
            yg_numbered_find(before->name, layer->name, &name);
            made->name = yg_numbered_text(&name, further, network->pool);
            if (!made->name)
                return yg_fail_memory(m->builder->error);
            network->layer_count++;
        }
    return true;
}

/* Lists the layers for `show`, except those whose result this network leaves out. */
static bool list_layers(const making *m, yg_network *network) {
    const yg_flat *flat = m->flat;
    size_t room = flat->layer_count + 1, next = 0;
    for (size_t i = 0; i < flat->copies_count; i++) {
        const yg_flat_copies *copies = flat->copies[i];
        room += (size_t)copies->count * (copies->layer_end - copies->layer_begin);
    }
    network->layers = yg_pool_take(network->pool, room * sizeof *network->layers);
    if (!network->layers)
        return yg_fail_memory(m->builder->error);
    for (size_t i = 0; i < flat->layer_count; i++) {
        const yg_node output = find_output(m->builder, &flat->layers[i]);
        if (output != YG_NONE)
            network->layers[network->layer_count++] = make_layer(flat, &flat->layers[i], output);
        if (next < flat->copies_count && i + 1 == flat->copies[next]->layer_end &&
            !list_copies(m, flat->copies[next++], network))
            return false;
    }
    return true;
}

static bool make(making *m, const yg_model *model, yg_network *network, bool outputs_only) {
    const yg_flat *flat = m->flat;
    yg_builder *builder = m->builder;
    taint t = {0};
    builder->flat = flat;
    builder->anchors = &flat->anchors;
    builder->params =
        yg_pool_take(builder->pool, (flat->param_names.count + 1) * sizeof *builder->params);
    m->appended = yg_pool_take(builder->pool, flat->copies_count + 1);
    if (!builder->params || !m->appended)
        return yg_fail_memory(builder->error);
    if (outputs_only && !begin_taint(builder, model, &t))
        return false;
    m->taint = outputs_only ? &t : NULL;
    return build_params(builder, network, flat) && build_statements(m) &&
           yg_build_results(builder, model, flat, network, outputs_only) && list_layers(m, network);
}

yg_network *yg_network_make(const yg_model *model, const yg_flat *flat,
                            const yg_network_options *options, yg_error *error) {
    yg_error failure = {0};
    yg_builder builder;
    yg_network *network = yg_network_new(model->ops, options, error);
    if (!network)
        return NULL;
    const bool opened = yg_builder_open(&builder, model, network, options, &failure);
    making m = {.flat = flat, .builder = &builder};
    if (!opened || !make(&m, model, network, options->outputs_only)) {
        if (failure.code == YG_OK)
            yg_fail_memory(&failure);
        yg_fail_as(error, &failure);
        yg_network_free(network);
        return NULL;
    }
    yg_graph_at(network->graph, YG_NOWHERE);
    yg_graph_set_shards(network->graph, NULL);
    return network;
}

yg_network *yg_network_build(const yg_model *model, const yg_network_options *options,
                             yg_error *error) {
    return yg_network_make(model, model->flat, options, error);
}
