/*
 * Expanding a whole model: the order of the steps, and the sizes of the trial.
 *
 * Names of the model's own graph are reserved first, because they must not change: a layer's node
 * gets another name where the two would collide. Then params, statements and results are expanded,
 * each in the scope of names before it. Errors in shapes are found by building every statement on
 * trial for one set of sizes.
 */
#include "build_results.h"
#include "expander.h"
#include "expression_tree.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------- names -- */

static bool reserve(yg_expander *x, const char *name) {
    return yg_names_find(&x->taken, name) != YG_NOT_FOUND ||
           yg_names_add(&x->taken, x->pool, name) || yg_fail_memory(x->error);
}

/* Reserves the names of the model's own parameters and nodes, which never change. */
static bool reserve_names(yg_expander *x) {
    const yg_body *body = &x->model->body;
    for (size_t i = 0; i < body->param_count; i++)
        if (!reserve(x, body->params[i].name))
            return false;
    for (size_t i = 0; i < body->statement_count; i++)
        for (size_t k = 0; k < body->statements[i].name_count; k++)
            if (!reserve(x, body->statements[i].names[k]))
                return false;
    return true;
}

/* A symbolic dimension, an input or a target keeps its name in the expanded model. */
static bool bind_own_name(yg_expander *x, yg_scope *scope, const char *name, yg_origin origin) {
    const yg_binding binding = {
        .term = {.kind = YG_TERM_WRITTEN,
                 .written = yg_expression_new(x->pool, YG_EXPRESSION_NAME, origin, name)}};
    return binding.term.written ? yg_scope_add(x, scope, name, origin, binding)
                                : yg_fail_memory(x->error);
}

static bool bind_ports(yg_expander *x, yg_scope *scope) {
    const yg_model *model = x->model;
    for (size_t i = 0; i < model->port_count; i++) {
        const yg_port *port = &model->ports[i];
        for (int d = 0; d < port->rank; d++)
            if (port->symbols[d] && !yg_scope_find(scope, port->symbols[d]) &&
                !(bind_own_name(x, scope, port->symbols[d], port->origin) &&
                  (yg_names_add(&x->symbols, x->pool, port->symbols[d]) ||
                   yg_fail_memory(x->error))))
                return false;
    }
    for (size_t i = 0; i < model->port_count; i++)
        if (!bind_own_name(x, scope, model->ports[i].name, model->ports[i].origin))
            return false;
    return true;
}

/* ----------------------------------------------------------------------------------- results -- */

static yg_output_spec *expand_outputs(yg_expander *x, const yg_scope *scope,
                                      const yg_output_spec *specs, size_t count) {
    yg_output_spec *copy = yg_pool_take(x->pool, (count + 1) * sizeof *copy);
    if (!copy) {
        yg_fail_memory(x->error);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        copy[i] = specs[i];
        copy[i].value = yg_expand_whole(x, scope, specs[i].value);
        if (!copy[i].value)
            return NULL;
    }
    return copy;
}

static bool is_output(const yg_model *model, const char *name) {
    for (size_t i = 0; i < model->body.output_count; i++)
        if (strcmp(model->body.outputs[i].name, name) == 0)
            return true;
    return false;
}

/* `expect:`. Checks that the names of shapes exist, and expands the dimensions. */
static bool expand_shapes(yg_expander *x, const yg_scope *scope) {
    const yg_model *model = x->model;
    if (model->expected_formula) {
        x->flat->expected_parameters = yg_expand_whole(x, scope, model->expected_formula);
        if (!x->flat->expected_parameters)
            return false;
    }
    const size_t count = model->expected_shape_count;
    x->flat->shapes = yg_pool_take(x->pool, (count + 1) * sizeof *x->flat->shapes);
    if (!x->flat->shapes)
        return yg_fail_memory(x->error);
    for (size_t i = 0; i < count; i++) {
        yg_shape_expectation *shape = &x->flat->shapes[i];
        *shape = model->expected_shapes[i];
        shape->shape.dims = yg_pool_take(x->pool, (shape->shape.count + 1) * sizeof(void *));
        yg_term ignored;
        if (!shape->shape.dims)
            return yg_fail_memory(x->error);
        if (!is_output(model, shape->name) &&
            !yg_resolve(x, scope, shape->name, shape->origin, &ignored))
            return false;
        for (size_t d = 0; d < shape->shape.count; d++) {
            shape->shape.dims[d] =
                yg_expand_whole(x, scope, model->expected_shapes[i].shape.dims[d]);
            if (!shape->shape.dims[d])
                return false;
        }
    }
    return true;
}

static bool expand_results(yg_expander *x, const yg_scope *scope) {
    const yg_model *model = x->model;
    yg_flat *flat = x->flat;
    flat->outputs = expand_outputs(x, scope, model->body.outputs, model->body.output_count);
    x->results = true;
    flat->loss = flat->outputs && model->loss ? yg_expand_whole(x, scope, model->loss) : NULL;
    if (!flat->outputs || (model->loss && !flat->loss))
        return false;
    flat->metrics = expand_outputs(x, scope, model->metrics, model->metric_count);
    x->results = false;
    return flat->metrics && yg_check_losses(x) && yg_add_loss_metrics(x) && expand_shapes(x, scope);
}

/* ------------------------------------------------------------------------------------ trial --- */

static bool expand(yg_expander *x, yg_network *network) {
    yg_scope *scope = yg_pool_take(x->pool, sizeof *scope);
    if (!scope)
        return yg_fail_memory(x->error);
    *scope = (yg_scope){.prefix = "", .parameter_prefix = "", .parameter_suffix = ""};
    const yg_body *body = &x->model->body;
    if (!yg_bind_vars(x, scope) || !bind_ports(x, scope) || !reserve_names(x) ||
        !yg_expand_params(x, scope, body) || !yg_expand_body(x, scope, body) ||
        !yg_expand_updates(x, scope, body) || !yg_expand_trainable(x, scope) ||
        !expand_results(x, scope))
        return false;
    x->trial->inner = false;
    if (!yg_build_results(x->trial, x->model, x->flat, network, false))
        return false;
    for (size_t i = 0; i < x->flat->metric_count; i++)
        x->flat->metrics[i].type = *yg_node_type(network->graph, network->metrics[i].node);
    return true;
}

/* A size for each symbolic dimension. The batch is the first dimension of the first input. The
 * others are four times as large, so that a model that mixes up the batch and a length fails. */
static bool trial_dims(const yg_model *model, yg_pool *pool, int64_t batch, yg_dim **dims,
                       size_t *count, yg_error *error) {
    yg_names seen = {0};
    *dims = yg_pool_take(pool, (model->port_count + 1) * YG_MAX_RANK * sizeof **dims);
    *count = 0;
    if (!*dims)
        return yg_fail_memory(error);
    for (size_t i = 0; i < model->port_count; i++) {
        for (int d = 0; d < model->ports[i].rank; d++) {
            const char *symbol = model->ports[i].symbols[d];
            if (!symbol || yg_names_find(&seen, symbol) != YG_NOT_FOUND)
                continue;
            if (!yg_names_add(&seen, pool, symbol))
                return yg_fail_memory(error);
            (*dims)[(*count)++] =
                (yg_dim){.name = symbol, .size = i == 0 && d == 0 ? batch : 4 * batch};
        }
    }
    return true;
}

/* A shape error shows sizes that the user never wrote. Says which symbol was tried at which size.
 */
static void tell_dims(const yg_network_options *options, yg_error *error) {
    for (size_t i = 0; error->code == YG_ERROR_SHAPE && i < options->dim_count; i++) {
        const size_t used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, "%s%s = %lld",
                 i == 0 ? "\n  with " : ", ", options->dims[i].name,
                 (long long)options->dims[i].size);
    }
}

/* The float type of training: numbers of the model are checked against the range of that type. */
static yg_dtype trial_dtype(const yg_model *model) {
    const yg_value *train = yg_model_section(model, "train");
    const yg_value *dtype =
        train && train->kind == YG_MAPPING ? yg_value_get(train, "dtype") : NULL;
    return dtype && strcmp(dtype->text, "f64") == 0 ? YG_F64 : YG_F32;
}

bool yg_expand_model(const yg_model *model, yg_pool *pool, int64_t batch, bool training,
                     const yg_flat *first, yg_flat *flat, yg_error *error) {
    yg_error failure = {0};
    yg_network_options options = {.training = training, .dtype = trial_dtype(model)};
    yg_dim *dims;
    if (!trial_dims(model, pool, batch, &dims, &options.dim_count, error))
        return false;
    options.dims = dims;
    yg_network *network = yg_network_new(model->ops, &options, error);
    if (!network)
        return false;
    yg_builder trial;
    yg_expander x = {.model = model,
                     .pool = pool,
                     .flat = flat,
                     .first = first,
                     .trial = &trial,
                     .error = &failure};
    const bool opened = yg_builder_open(&trial, model, network, &options, &failure);
    trial.flat = flat;
    const bool good = opened && expand(&x, network);
    yg_network_free(network);
    if (good)
        return true;
    if (failure.code == YG_OK)
        yg_fail_memory(&failure);
    tell_dims(&options, &failure);
    return yg_fail_as(error, &failure);
}

bool yg_try_model(const yg_model *model, const yg_flat *flat, int64_t batch, bool training,
                  yg_error *error) {
    yg_error failure = {0};
    yg_network_options options = {.training = training, .dtype = trial_dtype(model)};
    yg_dim *dims;
    yg_pool *pool = yg_pool_new();
    bool good = pool ? trial_dims(model, pool, batch, &dims, &options.dim_count, &failure)
                     : yg_fail_memory(&failure);
    if (good) {
        options.dims = dims;
        yg_network *network = yg_network_make(model, flat, &options, &failure);
        good = network != NULL;
        if (!good)
            tell_dims(&options, &failure);
        yg_network_free(network);
    }
    yg_pool_free(pool);
    return good || yg_fail_as(error, &failure);
}
