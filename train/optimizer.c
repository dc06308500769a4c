/*
 * Optimizers: reading one from the model file, and appending its updates to a graph.
 */
#include "../ops/build.h"
#include "optimizer_update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const yg_optimizer_update *const updates[] = {&yg_update_sgd, &yg_update_adam,
                                                     &yg_update_adamw, NULL};

enum { UPDATES = sizeof updates / sizeof *updates - 1, KEYS = YG_OPTIMIZER_OPTIONS + 3 };

static const double LR_MAX = 1e10;

const yg_optimizer_update *const *yg_optimizer_updates(void) {
    return updates;
}

/* --------------------------------------------------------------------------------- reading ---- */

static void set_defaults(const yg_optimizer_update *update, yg_optimizer *optimizer) {
    *optimizer = (yg_optimizer){.update = update, .lr = update->lr};
    for (size_t i = 0; i < update->option_count; i++)
        optimizer->options[i] = update->options[i].fallback;
}

static bool read_pair(const yg_value *value, const yg_option *option, const char *what, double *out,
                      yg_error *error) {
    char found[80];
    if (value->kind != YG_SEQUENCE || value->count != 2)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "%s is a list of two numbers, such as [%g, %g]; found %s", what,
                       option[0].fallback, option[1].fallback,
                       yg_value_describe(value, found, sizeof found));
    for (size_t i = 0; i < 2; i++) {
        if (!yg_value_float(value->items[i], what, option[i].min, option[i].max, &out[i], error))
            return false;
        if (out[i] >= option[i].max)
            return yg_fail(error, YG_ERROR_ARGUMENT, value->items[i]->origin,
                           "%s must be below %g; found %g", what, option[i].max, out[i]);
    }
    return true;
}

static bool read_option(const yg_value *mapping, const yg_option *option, double *out,
                        yg_error *error) {
    const yg_value *value = option->name ? yg_value_get(mapping, option->name) : NULL;
    char what[64];
    bool flag;
    if (!value)
        return true;
    snprintf(what, sizeof what, "`%s`", option->name);
    if (option->kind == YG_OPTION_PAIR)
        return read_pair(value, option, what, out, error);
    if (option->kind == YG_OPTION_NUMBER)
        return yg_value_float(value, what, option->min, option->max, out, error);
    if (!yg_value_bool(value, what, &flag, error))
        return false;
    *out = flag;
    return true;
}

static bool read_type(const yg_value *value, const yg_optimizer_update **update, yg_error *error) {
    const char *names[UPDATES + 1] = {0};
    const yg_value *type = value->kind == YG_MAPPING ? yg_value_get(value, "type") : value;
    int index;
    for (size_t i = 0; i < UPDATES; i++)
        names[i] = updates[i]->name;
    if (!type)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`optimizer` has no `type`; known: sgd, adam, adamw");
    if (!yg_value_choice(type, "`optimizer`", names, &index, error))
        return false;
    *update = updates[index];
    return true;
}

bool yg_optimizer_read(const yg_value *value, yg_optimizer *optimizer, yg_error *error) {
    const yg_optimizer_update *update = NULL;
    yg_key keys[KEYS] = {
        {"type", true, NULL}, {"lr", false, NULL}, {"learning_rate", false, "it is `lr` here"}};
    size_t count = 3;
    char what[64];
    if (!read_type(value, &update, error))
        return false;
    set_defaults(update, optimizer);
    optimizer->origin = value->origin;
    if (value->kind == YG_MAPPING) {
        keys[1].required = update->lr <= 0;
        for (size_t i = 0; i < update->option_count; i++)
            if (update->options[i].name)
                keys[count++].name = update->options[i].name;
        snprintf(what, sizeof what, "optimizer '%s'", update->name);
        if (!yg_value_check_keys(value, what, keys, count, error))
            return false;
        const yg_value *lr = yg_value_get(value, "lr");
        if (lr && !yg_value_float(lr, "`lr`", 0, LR_MAX, &optimizer->lr, error))
            return false;
        for (size_t i = 0; i < update->option_count; i++)
            if (!read_option(value, &update->options[i], &optimizer->options[i], error))
                return false;
    } else if (update->lr <= 0) {
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "%s needs a learning rate; write `optimizer: {type: %s, lr: 0.1}`",
                       update->name, update->name);
    }
    return !update->check || update->check(optimizer, error);
}

bool yg_optimizer_make(const char *type, double lr, yg_optimizer *optimizer, yg_error *error) {
    for (size_t i = 0; i < UPDATES; i++)
        if (strcmp(updates[i]->name, type) == 0) {
            set_defaults(updates[i], optimizer);
            optimizer->lr = lr;
            return true;
        }
    return yg_fail(error, YG_ERROR_NAME, YG_NOWHERE,
                   "no optimizer is called '%s'; known: sgd, adam, adamw", type);
}

const char *yg_optimizer_name(const yg_optimizer *optimizer) {
    return optimizer->update->name;
}

/* -------------------------------------------------------------------------------- building ---- */

static yg_node scalar_input(yg_update_call *call, yg_node *input, const char *name) {
    if (*input == YG_NONE) {
        const yg_type type = yg_type_scalar(YG_F64);
        *input = yg_input(call->graph, name, &type);
    }
    return *input;
}

yg_node yg_update_lr(yg_update_call *call) {
    return scalar_input(call, &call->inputs->lr, "train.lr");
}

yg_node yg_update_t(yg_update_call *call) {
    return scalar_input(call, &call->inputs->t, "train.t");
}

yg_node yg_update_factor(const yg_update_call *call, yg_node scalar) {
    const yg_type *type = yg_node_type(call->graph, call->parameter);
    return scalar == YG_NONE ? YG_NONE : yg_cast(call->graph, scalar, type->dtype);
}

static bool add_state(yg_update_call *call, const char *parameter, const char *state, size_t k,
                      yg_optimizer_graph *out, yg_error *error) {
    const size_t size = strlen(parameter) + strlen(state) + 3;
    char *name = malloc(size);
    if (!name)
        return yg_fail_memory(error);
    snprintf(name, size, "@%s.%s", state, parameter);
    call->state[k] = yg_parameter(call->graph, name, yg_node_type(call->graph, call->parameter));
    out->states[out->state_count++] = (yg_optimizer_state){call->state[k], name};
    return call->state[k] != YG_NONE;
}

static bool check_gradient(const yg_graph *graph, yg_node parameter, yg_node gradient,
                           yg_error *error) {
    char wanted[YG_TYPE_TEXT], found[YG_TYPE_TEXT];
    const yg_type *type = yg_node_type(graph, parameter), *other = yg_node_type(graph, gradient);
    return yg_type_equal(type, other) ||
           yg_fail(error, YG_ERROR_SHAPE, yg_node_origin(graph, parameter),
                   "the gradient of '%s' is %s, but the parameter is %s",
                   yg_node_name(graph, parameter), yg_type_text(other, found),
                   yg_type_text(type, wanted));
}

/* Appends the updates of one parameter and of its state. */
static bool build_one(const yg_optimizer *optimizer, yg_graph *graph, yg_node parameter,
                      yg_node gradient, yg_optimizer_graph *out, yg_error *error) {
    const char *states[YG_OPTIMIZER_STATES];
    const size_t count = optimizer->update->states(optimizer, states);
    yg_update_call call = {.optimizer = optimizer,
                           .graph = graph,
                           .inputs = &out->inputs,
                           .parameter = parameter,
                           .gradient = gradient};
    for (size_t k = 0; k < count; k++)
        if (!add_state(&call, yg_node_name(graph, parameter), states[k], k, out, error))
            return false;
    const yg_node value = optimizer->update->build(&call);
    out->updates[out->update_count++] = (yg_update){parameter, value};
    for (size_t k = 0; k < count; k++)
        out->updates[out->update_count++] = (yg_update){call.state[k], call.new_state[k]};
    return true;
}

bool yg_optimizer_build(const yg_optimizer *optimizer, yg_graph *graph, const yg_node *parameters,
                        const yg_node *gradients, size_t count, yg_optimizer_graph *out,
                        yg_error *error) {
    *out = (yg_optimizer_graph){.inputs = {YG_NONE, YG_NONE}};
    if (count > SIZE_MAX / (8 * sizeof *out->updates))
        return yg_fail_memory(error);
    out->updates = calloc(count * (1 + YG_OPTIMIZER_STATES) + 1, sizeof *out->updates);
    out->states = calloc(count * YG_OPTIMIZER_STATES + 1, sizeof *out->states);
    bool good = out->updates && out->states;
    if (!good)
        yg_fail_memory(error);
    const yg_origin before = yg_graph_at(graph, optimizer->origin);
    for (size_t i = 0; i < count && good; i++)
        if (gradients[i] != YG_NONE)
            good = check_gradient(graph, parameters[i], gradients[i], error) &&
                   build_one(optimizer, graph, parameters[i], gradients[i], out, error);
    yg_graph_at(graph, before);
    if (yg_graph_error(graph))
        good = yg_fail_as(error, yg_graph_error(graph));
    if (!good)
        yg_optimizer_graph_free(out);
    return good;
}

void yg_optimizer_graph_free(yg_optimizer_graph *out) {
    for (size_t i = 0; i < out->state_count; i++)
        free(out->states[i].name);
    free(out->states);
    free(out->updates);
    *out = (yg_optimizer_graph){.inputs = {YG_NONE, YG_NONE}};
}

/* -------------------------------------------------------------------------------- clipping ---- */

/* The norm is computed in float64: in float32 the square of a gradient above 1e19 is infinite. */
bool yg_clip_grad_norm(yg_graph *graph, yg_node *gradients, size_t count, double max_norm,
                       yg_error *error) {
    yg_node squares = YG_NONE;
    for (size_t i = 0; i < count; i++) {
        if (gradients[i] == YG_NONE)
            continue;
        const yg_node wide = yg_cast(graph, gradients[i], YG_F64);
        const yg_node sum = yg_sum(graph, yg_square(graph, wide), NULL, 0, false);
        squares = squares == YG_NONE ? sum : yg_add(graph, squares, sum);
    }
    if (squares != YG_NONE) {
        const yg_node norm = yg_offset(graph, yg_sqrt(graph, squares), 1e-6);
        const yg_node ratio = yg_divide(graph, yg_scalar(graph, YG_F64, max_norm), norm);
        const yg_node factor = yg_minimum(graph, ratio, yg_scalar(graph, YG_F64, 1));
        for (size_t i = 0; i < count; i++)
            if (gradients[i] != YG_NONE) {
                const yg_dtype dtype = yg_node_type(graph, gradients[i])->dtype;
                gradients[i] = yg_multiply(graph, gradients[i], yg_cast(graph, factor, dtype));
            }
    }
    return !yg_graph_error(graph) || yg_fail_as(error, yg_graph_error(graph));
}
