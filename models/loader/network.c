/*
 * Networks: a model's graph for given sizes.
 */
#include "builder.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------- dimensions -- */

static const yg_dim *find_dim(const yg_network_options *options, const char *name) {
    for (size_t i = 0; i < options->dim_count; i++)
        if (strcmp(options->dims[i].name, name) == 0)
            return &options->dims[i];
    return NULL;
}

/* The names of symbolic dimensions become whole numbers. */
static bool bind_dims(yg_builder *builder, yg_scope *scope, const yg_network_options *options) {
    const yg_model *model = builder->model;
    for (size_t i = 0; i < model->port_count; i++) {
        const yg_port *port = &model->ports[i];
        for (int d = 0; d < port->rank; d++) {
            const char *symbol = port->symbols[d];
            if (!symbol || yg_scope_find(scope, symbol))
                continue;
            const yg_dim *dim = find_dim(options, symbol);
            if (!dim && options->outputs_only && port->target)
                continue; /* only targets, which are left out, have that dimension */
            if (!dim || dim->size < 0) {
                return yg_fail(builder->error, YG_ERROR_ARGUMENT, port->origin,
                               "the symbolic dimension '%s' of '%s' has no size", symbol,
                               port->name);
            }
            const yg_binding binding = {
                .term = {.kind = YG_TERM_INT, .varies = true, .i = dim->size},
                .written = yg_written_name(builder->pool, symbol, port->origin)};
            if (!binding.written)
                return yg_fail_memory(builder->error);
            if (!yg_scope_add(builder, scope, symbol, port->origin, binding))
                return false;
        }
    }
    return true;
}

static bool build_port(yg_builder *builder, yg_scope *scope, const yg_port *port) {
    yg_network *network = builder->network;
    int64_t shape[YG_MAX_RANK];
    for (int d = 0; d < port->rank; d++) {
        shape[d] = port->shape[d];
        if (port->symbols[d])
            shape[d] = yg_scope_find(scope, port->symbols[d])->term.i;
    }
    yg_type type;
    const yg_dtype dtype = yg_dtype_is_float(port->dtype) ? builder->dtype : port->dtype;
    yg_error failure = {0};
    if (!yg_type_make(dtype, port->rank, shape, &type, &failure)) {
        return yg_fail(builder->error, failure.code, port->origin, "'%s': %s", port->name,
                       failure.message);
    }
    yg_graph_at(builder->graph, port->origin);
    const yg_node node = yg_input(builder->graph, port->name, &type);
    if (node == YG_NONE)
        return yg_fail_from_graph(builder, port->origin);
    yg_tensor_name *list = port->target ? network->targets : network->inputs;
    size_t *count = port->target ? &network->target_count : &network->input_count;
    list[(*count)++] = (yg_tensor_name){.name = port->name, .node = node, .origin = port->origin};
    const yg_binding binding = {.term = {.kind = YG_TERM_TENSOR, .node = node},
                                .written =
                                    yg_written_name(builder->pool, port->name, port->origin)};
    if (!binding.written)
        return yg_fail_memory(builder->error);
    return yg_scope_add(builder, scope, port->name, port->origin, binding);
}

static bool build_ports(yg_builder *builder, yg_scope *scope, bool outputs_only) {
    const yg_model *model = builder->model;
    yg_network *network = builder->network;
    network->inputs = yg_pool_take(builder->pool, model->port_count * sizeof *network->inputs);
    network->targets = yg_pool_take(builder->pool, model->port_count * sizeof *network->targets);
    if (!network->inputs || !network->targets)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < model->port_count; i++) {
        const yg_port *port = &model->ports[i];
        if (!(outputs_only && port->target) && !build_port(builder, scope, port))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- without targets: for predict --
 */

/* Names that a target is behind. */
typedef struct taint {
    yg_names names;
    bool found;
} taint;

static void visit_taint(void *context, const char *name) {
    taint *t = context;
    t->found = t->found || yg_names_find(&t->names, name) != YG_NOT_FOUND;
}

/* The nodes of `graph:` that outputs can be made of: those that no target is behind. */
static bool without_targets(yg_builder *builder, yg_body *body) {
    const yg_model *model = builder->model;
    taint t = {0};
    *body = model->body;
    body->statement_count = 0;
    body->statements =
        yg_pool_take(builder->pool, (model->body.statement_count + 1) * sizeof *body->statements);
    bool room = body->statements != NULL;
    for (size_t i = 0; room && i < model->port_count; i++) {
        room =
            !model->ports[i].target || yg_names_add(&t.names, builder->pool, model->ports[i].name);
    }
    for (size_t i = 0; room && i < model->body.statement_count; i++) {
        const yg_statement *statement = &model->body.statements[i];
        t.found = false;
        if (statement->expression) {
            yg_visit_names(statement->expression, visit_taint, &t);
        } else {
            yg_visit_layer_names(builder->pool, statement->layer, visit_taint, &t);
            if (statement->layer->input_above && i > 0)
                visit_taint(&t, model->body.statements[i - 1].names[0]);
        }
        if (!t.found)
            body->statements[body->statement_count++] = *statement;
        for (size_t k = 0; room && t.found && k < statement->name_count; k++) {
            room = yg_names_find(&t.names, statement->names[k]) != YG_NOT_FOUND ||
                   yg_names_add(&t.names, builder->pool, statement->names[k]);
        }
    }
    return room || yg_fail_memory(builder->error);
}

/* ------------------------------------------------------------------------- outputs and the loss --
 */

static bool build_named(yg_builder *builder, const yg_scope *scope, const yg_output_spec *specs,
                        size_t count, yg_tensor_name **list, size_t *list_count,
                        yg_output_spec **written) {
    *list = yg_pool_take(builder->pool, (count + 1) * sizeof **list);
    if (!*list)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < count; i++) {
        const yg_output_spec *spec = &specs[i];
        yg_tensor_name *tensor = &(*list)[i];
        *tensor =
            (yg_tensor_name){.name = spec->name, .units = spec->units, .origin = spec->origin};
        builder->place = spec->origin;
        if (!yg_evaluate_tensor(builder, scope, spec->value, spec->name, &tensor->node))
            return false;
    }
    *list_count = count;
    if (!written)
        return true;
    *written = yg_pool_take(builder->pool, (count + 1) * sizeof **written);
    if (!*written)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < count; i++) {
        (*written)[i] = specs[i];
        (*written)[i].value = yg_rewrite(builder, scope, specs[i].value);
        if (!(*written)[i].value)
            return yg_fail_memory(builder->error);
    }
    return true;
}

static bool build_loss(yg_builder *builder, const yg_scope *scope) {
    const yg_expression *loss = builder->model->loss;
    yg_network *network = builder->network;
    char found[YG_TYPE_TEXT];
    if (!loss)
        return true;
    builder->place = loss->origin;
    if (!yg_evaluate_tensor(builder, scope, loss, "`loss`", &network->loss))
        return false;
    const yg_type *type = yg_node_type(builder->graph, network->loss);
    if (type->rank != 0 || !yg_dtype_is_float(type->dtype)) {
        return yg_fail(builder->error, YG_ERROR_SHAPE, loss->origin,
                       "`loss`: one number of a float type is expected, found %s%s",
                       yg_type_text(type, found),
                       type->rank != 0 ? "; mean(…) or sum(…) makes one of many" : "");
    }
    if (builder->expansion) {
        builder->expansion->loss = yg_rewrite(builder, scope, loss);
        return builder->expansion->loss || yg_fail_memory(builder->error);
    }
    return true;
}

static bool build_metrics(yg_builder *builder, const yg_scope *scope) {
    yg_network *network = builder->network;
    char found[YG_TYPE_TEXT];
    if (!build_named(builder, scope, builder->model->metrics, builder->model->metric_count,
                     &network->metrics, &network->metric_count,
                     builder->expansion ? &builder->expansion->metrics : NULL))
        return false;
    for (size_t i = 0; i < network->metric_count; i++) {
        const yg_tensor_name *metric = &network->metrics[i];
        const yg_type *type = yg_node_type(builder->graph, metric->node);
        if (type->rank != 0) {
            return yg_fail(builder->error, YG_ERROR_SHAPE, metric->origin,
                           "metric '%s': one number is expected, found %s", metric->name,
                           yg_type_text(type, found));
        }
    }
    return true;
}

/* -------------------------------------------------------------------------------- expectations --
 */

static bool check_parameters(const yg_builder *builder) {
    const yg_value *expected = builder->model->expected_parameters;
    int64_t count;
    if (!expected)
        return true;
    if (!yg_value_int(expected, "`parameters`", 0, INT64_MAX, &count, builder->error))
        return false;
    return count == builder->parameter_elements ||
           yg_fail(builder->error, YG_ERROR_ARGUMENT, expected->origin,
                   "`expect`: %lld parameters are expected, the model has %lld", (long long)count,
                   (long long)builder->parameter_elements);
}

static bool check_shape(yg_builder *builder, const yg_scope *scope,
                        const yg_shape_expectation *expected) {
    const yg_network *network = builder->network;
    yg_term term = {.kind = YG_TERM_INT};
    const yg_binding *binding = yg_scope_find(scope, expected->name);
    if (binding)
        term = binding->term;
    for (size_t i = 0; !binding && i < network->output_count; i++)
        if (strcmp(network->outputs[i].name, expected->name) == 0)
            term = (yg_term){.kind = YG_TERM_TENSOR, .node = network->outputs[i].node};
    if (term.kind != YG_TERM_TENSOR &&
        !yg_resolve(builder, scope, expected->name, expected->origin, &term))
        return false;
    char text[200], wanted_text[YG_TYPE_TEXT], found_text[YG_TYPE_TEXT];
    if (term.kind != YG_TERM_TENSOR) {
        return yg_fail(builder->error, YG_ERROR_SHAPE, expected->origin,
                       "`expect`: '%s' is %s, which has no shape", expected->name,
                       yg_term_describe(builder, &term, text, sizeof text));
    }
    yg_type wanted = {.rank = (int32_t)expected->shape.count};
    for (size_t d = 0; d < expected->shape.count; d++)
        if (!yg_evaluate_int(builder, scope, expected->shape.dims[d], "`expect`", 0,
                             &wanted.shape[d]))
            return false;
    const yg_type *found = yg_node_type(builder->graph, term.node);
    return yg_shape_equal(&wanted, found) ||
           yg_fail(builder->error, YG_ERROR_SHAPE, expected->origin,
                   "`expect`: '%s' has the shape %s, expected is %s", expected->name,
                   yg_shape_text(found, found_text), yg_shape_text(&wanted, wanted_text));
}

/* ----------------------------------------------------------------------------------- the whole --
 */

static bool build(yg_builder *builder, const yg_network_options *options) {
    const yg_model *model = builder->model;
    yg_expansion *expansion = builder->expansion;
    yg_network *network = builder->network;
    yg_scope *scope = yg_pool_take(builder->pool, sizeof *scope);
    if (!scope)
        return yg_fail_memory(builder->error);
    *scope = (yg_scope){.prefix = "", .parameter_prefix = "", .library = &model->library};
    yg_body reduced;
    if (options->outputs_only && !without_targets(builder, &reduced))
        return false;
    const yg_body *body = options->outputs_only ? &reduced : &model->body;
    if (!yg_build_vars(builder, scope) || !bind_dims(builder, scope, options) ||
        !build_ports(builder, scope, options->outputs_only) ||
        !yg_build_params(builder, scope, &model->body) || !yg_build_body(builder, scope, body) ||
        !build_named(builder, scope, model->body.outputs, model->body.output_count,
                     &network->outputs, &network->output_count,
                     expansion ? &expansion->outputs : NULL) ||
        !yg_check_units(builder))
        return false;
    if (options->outputs_only)
        return true;
    if (!build_loss(builder, scope) || !build_metrics(builder, scope) || !check_parameters(builder))
        return false;
    for (size_t i = 0; i < model->expected_shape_count; i++)
        if (!check_shape(builder, scope, &model->expected_shapes[i]))
            return false;
    return true;
}

yg_network *yg_network_make(const yg_model *model, const yg_network_options *options,
                            yg_expansion *expansion, yg_error *error) {
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
    const unsigned flags = options->graph_flags | (options->training ? YG_GRAPH_TRAINING : 0u) |
                           (options->dtype == YG_F64 ? YG_GRAPH_F64 : 0u);
    network->graph = yg_graph_new(model->ops, flags);
    yg_error failure = {0};
    yg_builder builder = {.model = model,
                          .network = network,
                          .graph = network->graph,
                          .pool = pool,
                          .dtype = options->dtype,
                          .training = options->training,
                          .expansion = expansion,
                          .error = &failure};
    if (network->graph ? !build(&builder, options) : !yg_fail_memory(&failure)) {
        if (failure.code == YG_OK)
            yg_fail_memory(&failure);
        yg_fail_as(error, &failure);
        yg_network_free(network);
        return NULL;
    }
    yg_graph_at(network->graph, YG_NOWHERE);
    return network;
}

/* A shape error shows sizes of symbolic dimensions: which ones were tried. */
static void tell_dims(const yg_network_options *options, yg_error *error) {
    for (size_t i = 0; error->code == YG_ERROR_SHAPE && i < options->dim_count; i++) {
        const size_t used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, "%s%s = %lld",
                 i == 0 ? "\n  with " : ", ", options->dims[i].name,
                 (long long)options->dims[i].size);
    }
}

yg_network *yg_network_try(const yg_model *model, int64_t batch, bool training,
                           yg_expansion *expansion, yg_error *error) {
    yg_dim dims[64];
    yg_network_options options = {.dims = dims, .training = training, .dtype = YG_F32};
    for (size_t i = 0; i < model->port_count; i++) {
        for (int d = 0; d < model->ports[i].rank; d++) {
            const char *symbol = model->ports[i].symbols[d];
            size_t k = 0;
            while (symbol && k < options.dim_count && strcmp(dims[k].name, symbol) != 0)
                k++;
            if (!symbol || k < options.dim_count)
                continue;
            if (k == sizeof dims / sizeof *dims) {
                yg_fail(error, YG_ERROR_ARGUMENT, model->ports[i].origin,
                        "more than %zu symbolic dimensions", k);
                return NULL;
            }
            /* The batch is the first dimension of the first input. */
            dims[options.dim_count++] =
                (yg_dim){.name = symbol, .size = i == 0 && d == 0 ? batch : 4 * batch};
        }
    }
    yg_error failure = {0};
    yg_network *network = yg_network_make(model, &options, expansion, &failure);
    if (!network) {
        tell_dims(&options, &failure);
        yg_fail_as(error, &failure);
    }
    return network;
}

yg_network *yg_network_build(const yg_model *model, const yg_network_options *options,
                             yg_error *error) {
    return yg_network_make(model, options, NULL, error);
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

const yg_tensor_name *yg_network_metrics(const yg_network *network, size_t *count) {
    *count = network->metric_count;
    return network->metrics;
}

const yg_network_parameter *yg_network_parameters(const yg_network *network, size_t *count) {
    *count = network->parameter_names.count;
    return network->parameters;
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
