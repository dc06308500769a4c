/*
 * Layer nodes: a definition's body is built in a scope of its own, with the node's name before the
 * names of its nodes and parameters.
 */
#include "builder.h"

#include <stdio.h>
#include <string.h>

/* How deep layers may be placed in one another, those handed in as arguments counted too. */
#define PLACING_CAP 200

/* One layer (of a repeat, or of layers in a row) to be placed. */
typedef struct placing {
    const yg_layer_use *use;
    const yg_scope *scope; /* of the node: its arguments are written in these names */
    yg_origin origin;      /* of the node */
    const char *prefix, *parameter_prefix;
    bool shared;
} placing;

/* Values with the way that the expanded model writes them. */
typedef struct value_list {
    yg_binding *values;
    size_t count;
} value_list;

static bool place_use(yg_builder *builder, const placing *at, const value_list *inputs,
                      value_list *results);

/* Puts the place of the node first, and the place in the body where it went wrong after it. */
static bool blame_node(const yg_builder *builder, const placing *at) {
    yg_error *error = builder->error;
    if (!error || error->code == YG_OK || error->code == YG_ERROR_MEMORY)
        return false;
    char *end = error->message + strlen(error->message);
    const size_t room = sizeof error->message - strlen(error->message);
    if (error->line > 0) {
        snprintf(end, room, "\n  in layer type '%s' (%s:%d:%d)", at->use->definition->name,
                 error->file, (int)error->line, (int)error->column);
    }
    error->line = at->origin.line;
    error->column = at->origin.column;
    snprintf(error->file, sizeof error->file, "%s", at->origin.file);
    return false;
}

/* ----------------------------------------------------------------------------------- outputs -- */

static bool build_outputs(yg_builder *builder, yg_scope *scope, const yg_body *body,
                          value_list *results) {
    results->count = body->output_count;
    results->values = yg_pool_take(builder->pool, body->output_count * sizeof *results->values);
    if (!results->values)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < body->output_count; i++) {
        const yg_output_spec *output = &body->outputs[i];
        yg_binding *result = &results->values[i];
        result->term.kind = YG_TERM_TENSOR;
        if (!yg_evaluate_tensor(builder, scope, output->value, output->name, &result->term.node))
            return false;
        if (!builder->expansion)
            continue;
        const yg_expression *written = yg_rewrite(builder, scope, output->value);
        if (written && written->kind != YG_EXPRESSION_NAME) {
            const char *name = yg_pool_format(builder->pool, "%s%s", scope->prefix, output->name);
            if (!name || !yg_expand_statement(builder, &name, 1, written))
                return yg_fail_memory(builder->error);
            written = yg_written_name(builder->pool, name, output->origin);
        }
        result->written = written;
        if (!written)
            return yg_fail_memory(builder->error);
    }
    return true;
}

/* ------------------------------------------------------------------------------------ placing --
 */

static bool bind_inputs(yg_builder *builder, const placing *at, yg_scope *scope,
                        const value_list *inputs) {
    const yg_definition *type = at->use->definition;
    for (size_t i = 0; i < type->input_count; i++) {
        const yg_input_spec *input = &type->inputs[i];
        yg_binding binding = inputs->values[i];
        if (builder->expansion &&
            (!binding.written || binding.written->kind != YG_EXPRESSION_NAME)) {
            /* A formula as input: the expanded model gives it the input's name. */
            const char *name = yg_pool_format(builder->pool, "%s%s", scope->prefix, input->name);
            const yg_expression *written = binding.written;
            if (!name || !written || !yg_expand_statement(builder, &name, 1, written))
                return yg_fail_memory(builder->error);
            binding.written = yg_written_name(builder->pool, name, at->origin);
        }
        binding.layer = NULL;
        if (!yg_match_shape(builder, scope, input, &binding, at->origin) ||
            !yg_scope_add(builder, scope, input->name, input->origin, binding))
            return false;
    }
    return true;
}

static bool build_definition(yg_builder *builder, yg_scope *scope, const yg_body *body,
                             value_list *results) {
    return yg_build_params(builder, scope, body) && yg_build_body(builder, scope, body) &&
           build_outputs(builder, scope, body, results);
}

/* One copy of one layer type. */
static bool place_definition(yg_builder *builder, const placing *at, const value_list *inputs,
                             value_list *results) {
    const yg_definition *type = at->use->definition;
    yg_scope *scope = yg_pool_take(builder->pool, sizeof *scope);
    if (!scope)
        return yg_fail_memory(builder->error);
    *scope = (yg_scope){.prefix = at->prefix,
                        .parameter_prefix = at->parameter_prefix,
                        .shared = at->shared,
                        .definition = type,
                        .library = type->library};
    if (!yg_count_statement(builder, at->origin) ||
        !yg_bind_arguments(builder, at->scope, at->use, scope))
        return false;
    if (inputs->count != type->input_count) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, at->origin,
                       "layer type '%s' takes %zu inputs, %zu found", type->name, type->input_count,
                       inputs->count);
    }
    if (!bind_inputs(builder, at, scope, inputs))
        return false;
    builder->depth++;
    const bool built = build_definition(builder, scope, &type->body, results);
    builder->depth--;
    return built || blame_node(builder, at);
}

/* A layer that was handed in as an argument: one, or several in a row. */
static bool place_argument(yg_builder *builder, const placing *at, const value_list *inputs,
                           value_list *results) {
    yg_term layer;
    if (!yg_resolve(builder, at->scope, at->use->type, at->use->origin, &layer))
        return false;
    value_list flow = *inputs;
    for (size_t i = 0; i < layer.layer_count; i++) {
        placing inner = {.use = layer.layers[i],
                         .scope = layer.scope,
                         .origin = layer.layers[i]->origin,
                         .prefix = at->prefix,
                         .parameter_prefix = at->parameter_prefix,
                         .shared = at->shared};
        if (layer.layer_count > 1) {
            inner.prefix = yg_pool_format(builder->pool, "%s%zu.", at->prefix, i);
            inner.parameter_prefix =
                yg_pool_format(builder->pool, "%s%zu.", at->parameter_prefix, i);
        }
        if (!inner.prefix || !inner.parameter_prefix)
            return yg_fail_memory(builder->error);
        if (!place_use(builder, &inner, &flow, results))
            return false;
        flow = *results;
    }
    *results = flow;
    return true;
}

static bool record_layer(yg_builder *builder, const placing *at, size_t *index) {
    yg_network *network = builder->network;
    yg_network_layer *grown =
        yg_pool_grow(builder->pool, network->layers, network->layer_count, sizeof *grown);
    /* Without the dot at its end. */
    const size_t length = strlen(at->prefix);
    const char *name = yg_pool_copy(builder->pool, at->prefix, length > 0 ? length - 1 : 0);
    if (!grown || !name)
        return yg_fail_memory(builder->error);
    network->layers = grown;
    *index = network->layer_count++;
    network->layers[*index] = (yg_network_layer){.name = name,
                                                 .type = at->use->type,
                                                 .output = YG_NONE,
                                                 .depth = builder->depth,
                                                 .origin = at->origin};
    return true;
}

static bool place_once(yg_builder *builder, const placing *at, const value_list *inputs,
                       value_list *results) {
    size_t index = 0;
    if (!at->use->definition)
        return place_argument(builder, at, inputs, results);
    if (builder->depth > PLACING_CAP) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, at->origin,
                       "layers stand in one another more than %d deep", PLACING_CAP);
    }
    const int64_t elements = builder->parameter_elements;
    if (!record_layer(builder, at, &index))
        return false;
    const bool placed = place_definition(builder, at, inputs, results);
    yg_network_layer *layer = &builder->network->layers[index];
    layer->parameters = builder->parameter_elements - elements;
    layer->output = placed ? results->values[0].term.node : YG_NONE;
    return placed;
}

/* What `repeat:` says: how many copies, and the items that a name runs through. */
static bool read_repeat(yg_builder *builder, const placing *at, int64_t *count, yg_term *items) {
    const yg_layer_use *use = at->use;
    yg_term term;
    char found[200];
    if (!yg_evaluate_term(builder, at->scope, use->repeat, &term))
        return false;
    const yg_term_kind wanted = use->repeat_name ? YG_TERM_LIST : YG_TERM_INT;
    if (term.kind != wanted) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, use->repeat->origin,
                       "`repeat`: %s is expected, found %s",
                       wanted == YG_TERM_INT ? "a whole number" : "a list",
                       yg_term_describe(builder, &term, found, sizeof found));
    }
    *count = wanted == YG_TERM_INT ? term.i : (int64_t)term.count;
    *items = term;
    if (*count < 0 || *count > YG_REPEAT_CAP) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, use->repeat->origin,
                       "`repeat`: 0 to %d copies are possible, found %lld", YG_REPEAT_CAP,
                       (long long)*count);
    }
    if (term.varies) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, use->repeat->origin,
                       "`repeat`: the number of copies cannot depend on a symbolic dimension or "
                       "on `training`");
    }
    return true;
}

static bool place_copies(yg_builder *builder, const placing *at, const value_list *inputs,
                         value_list *results) {
    int64_t count = 0;
    yg_term items = {.kind = YG_TERM_LIST};
    if (!read_repeat(builder, at, &count, &items))
        return false;
    if (inputs->count == 0) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, at->use->repeat->origin,
                       "`repeat`: layer type '%s' has no input, so copies cannot be chained",
                       at->use->type);
    }
    yg_layer_use *once = yg_pool_take(builder->pool, sizeof *once);
    value_list flow = {.values = yg_pool_take(builder->pool, inputs->count * sizeof *flow.values),
                       .count = inputs->count};
    if (!once || !flow.values)
        return yg_fail_memory(builder->error);
    memcpy(flow.values, inputs->values, inputs->count * sizeof *flow.values);
    *once = *at->use;
    once->repeat = NULL;
    *results = (value_list){.values = flow.values, .count = 1};
    for (int64_t i = 0; i < count; i++) {
        placing copy = *at;
        copy.use = once;
        copy.prefix = yg_pool_format(builder->pool, "%s%lld.", at->prefix, (long long)i);
        copy.parameter_prefix =
            yg_pool_format(builder->pool, "%s%lld.", at->parameter_prefix, (long long)i);
        yg_scope *scope = yg_pool_take(builder->pool, sizeof *scope);
        if (!copy.prefix || !copy.parameter_prefix || !scope)
            return yg_fail_memory(builder->error);
        if (at->use->repeat_name) {
            *scope = *at->scope;
            scope->names = (yg_names){0};
            scope->bindings = NULL;
            scope->outer = at->scope;
            if (!yg_scope_add(builder, scope, at->use->repeat_name, at->origin,
                              (yg_binding){.term = items.items[i]}))
                return false;
            copy.scope = scope;
        }
        if (!place_once(builder, &copy, &flow, results))
            return false;
        flow.values[0] = results->values[0];
    }
    return true;
}

/* A layer node, or one of the layers handed in as an argument. */
static bool place_use(yg_builder *builder, const placing *at, const value_list *inputs,
                      value_list *results) {
    if (!at->use->repeat)
        return place_once(builder, at, inputs, results);
    size_t index = 0;
    const int64_t elements = builder->parameter_elements;
    if (!record_layer(builder, at, &index))
        return false;
    builder->depth++;
    const bool placed = place_copies(builder, at, inputs, results);
    builder->depth--;
    yg_network_layer *layer = &builder->network->layers[index];
    layer->parameters = builder->parameter_elements - elements;
    layer->output = placed ? results->values[0].term.node : YG_NONE;
    return placed;
}

/* -------------------------------------------------------------------------------------- nodes --
 */

/* The inputs' names, where they are known: a layer handed in takes one. */
static bool input_place(const yg_builder *builder, const yg_layer_use *use,
                        const yg_input_use *given, size_t position, size_t *index) {
    const yg_definition *type = use->definition;
    if (!given->name) {
        *index = position;
        return true;
    }
    for (size_t i = 0; type && i < type->input_count; i++) {
        if (strcmp(type->inputs[i].name, given->name) == 0) {
            *index = i;
            return true;
        }
    }
    yg_names known = {0};
    char hint[300];
    for (size_t i = 0; type && i < type->input_count; i++)
        if (!yg_names_add(&known, builder->pool, type->inputs[i].name))
            return yg_fail_memory(builder->error);
    return yg_fail(builder->error, YG_ERROR_NAME, given->origin,
                   "layer type '%s' has no input '%s'%s", use->type, given->name,
                   yg_names_suggest(&known, given->name, hint, sizeof hint));
}

static bool input_above(const yg_builder *builder, const yg_scope *scope, const yg_layer_use *use,
                        const yg_statement *above, const char **name) {
    *name = NULL;
    if (above) {
        if (above->name_count > 1) {
            return yg_fail(builder->error, YG_ERROR_ARGUMENT, use->origin,
                           "`input` is needed: the node above gives %zu tensors",
                           above->name_count);
        }
        *name = above->names[0];
        return true;
    }
    const yg_definition *body = scope->definition;
    size_t inputs = body ? body->input_count : 0;
    *name = inputs > 0 ? body->inputs[0].name : NULL;
    for (size_t i = 0; !body && i < builder->model->port_count; i++)
        if (!builder->model->port_specs[i].target)
            *name = inputs++ == 0 ? builder->model->port_specs[i].name : *name;
    return inputs == 1 || yg_fail(builder->error, YG_ERROR_ARGUMENT, use->origin,
                                  "`input` is needed: no node stands above, and there are %zu "
                                  "inputs",
                                  inputs);
}

static bool read_inputs(yg_builder *builder, const yg_scope *scope, const yg_layer_use *use,
                        const yg_statement *above, value_list *inputs) {
    const size_t expected = use->definition ? use->definition->input_count : 1;
    inputs->count = expected;
    inputs->values = yg_pool_take(builder->pool, (expected + 1) * sizeof *inputs->values);
    yg_input_use implied = {.origin = use->origin};
    if (!inputs->values)
        return yg_fail_memory(builder->error);
    const yg_input_use *given = use->inputs;
    size_t count = use->input_count;
    if (use->input_above && expected > 0) {
        const char *name;
        if (!input_above(builder, scope, use, above, &name))
            return false;
        implied.value = yg_written_name(builder->pool, name, use->origin);
        if (!implied.value)
            return yg_fail_memory(builder->error);
        given = &implied;
        count = 1;
    }
    if (count != expected) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, use->origin,
                       "layer type '%s' takes %zu input%s, %zu found", use->type, expected,
                       expected == 1 ? "" : "s", count);
    }
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        if (!input_place(builder, use, &given[i], i, &k))
            return false;
        yg_binding *value = &inputs->values[k];
        value->term.kind = YG_TERM_TENSOR;
        if (!yg_evaluate_tensor(builder, scope, given[i].value, "`input`", &value->term.node))
            return false;
        if (builder->expansion) {
            value->written = yg_rewrite(builder, scope, given[i].value);
            if (!value->written)
                return yg_fail_memory(builder->error);
        }
    }
    return true;
}

/* `share: other`: another node of the same body and of the same type. */
static bool read_share(const yg_builder *builder, const yg_scope *scope, const yg_layer_use *use,
                       placing *at) {
    if (!use->share)
        return true;
    const yg_binding *other = yg_scope_find(scope, use->share);
    if (!other) {
        yg_term term;
        return yg_resolve(builder, scope, use->share, use->origin, &term);
    }
    if (!other->layer) {
        return yg_fail(builder->error, YG_ERROR_NAME, use->origin,
                       "`share`: '%s' is no layer node, so it owns no parameters", use->share);
    }
    if (other->layer->definition != use->definition || !use->definition) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, use->origin,
                       "`share`: '%s' is of layer type '%s', not '%s'", use->share,
                       other->layer->type, use->type);
    }
    at->parameter_prefix = other->parameter_prefix;
    at->shared = true;
    return true;
}

static bool bind_results(yg_builder *builder, yg_scope *scope, const yg_statement *statement,
                         const placing *at, const value_list *results) {
    if (results->count != statement->name_count) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, statement->origin,
                       "layer type '%s' gives %zu tensors, %zu names found: write them as "
                       "`a, b: {type: %s, …}`",
                       at->use->type, results->count, statement->name_count, at->use->type);
    }
    for (size_t i = 0; i < results->count; i++) {
        yg_binding binding = results->values[i];
        const char *name = statement->names[i];
        if (builder->expansion && builder->depth == 0) {
            /* Names of the model's own graph stay. */
            if (!yg_expand_statement(builder, &name, 1, binding.written))
                return false;
            binding.written = yg_written_name(builder->pool, name, statement->origin);
        }
        binding.layer = at->use;
        binding.parameter_prefix = at->parameter_prefix;
        if (!yg_scope_add(builder, scope, name, statement->origin, binding))
            return false;
        const char *full = yg_pool_format(builder->pool, "%s%s", scope->prefix, name);
        if (!full)
            return yg_fail_memory(builder->error);
        yg_node_set_name(builder->graph, binding.term.node, full);
    }
    return true;
}

bool yg_build_layer(yg_builder *builder, yg_scope *scope, const yg_statement *statement,
                    const yg_statement *above) {
    const yg_layer_use *use = statement->layer;
    placing at = {.use = use, .scope = scope, .origin = statement->origin, .shared = scope->shared};
    at.prefix = yg_pool_format(builder->pool, "%s%s.", scope->prefix, statement->names[0]);
    at.parameter_prefix =
        yg_pool_format(builder->pool, "%s%s.", scope->parameter_prefix, statement->names[0]);
    if (!at.prefix || !at.parameter_prefix)
        return yg_fail_memory(builder->error);
    value_list inputs, results;
    return read_share(builder, scope, use, &at) &&
           read_inputs(builder, scope, use, above, &inputs) &&
           place_use(builder, &at, &inputs, &results) &&
           bind_results(builder, scope, statement, &at, &results);
}
