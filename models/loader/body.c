/*
 * What a model and a layer type have in common: vars or arguments, parameters, the nodes of
 * `graph:`, one after the other.
 */
#include "builder.h"

#include <string.h>

bool yg_build_vars(yg_builder *builder, yg_scope *scope) {
    for (size_t i = 0; i < builder->model->var_count; i++) {
        const yg_var *var = &builder->model->vars[i];
        yg_binding binding = {0};
        char found[200];
        if (!yg_evaluate_term(builder, scope, var->value, &binding.term))
            return false;
        if (binding.term.kind == YG_TERM_TEXT || binding.term.kind > YG_TERM_LIST ||
            binding.term.varies) {
            return yg_fail(builder->error, YG_ERROR_ARGUMENT, var->value->origin,
                           "var '%s': a number, true, false or a list of numbers is expected, "
                           "found %s",
                           var->name,
                           yg_term_describe(builder, &binding.term, found, sizeof found));
        }
        if (!yg_scope_add(builder, scope, var->name, var->origin, binding))
            return false;
    }
    return true;
}

/* -------------------------------------------------------------------------------- parameters -- */

static bool param_type(yg_builder *builder, const yg_scope *scope, const yg_param_spec *spec,
                       yg_type *type) {
    int64_t shape[YG_MAX_RANK];
    const char *what = yg_pool_format(builder->pool, "parameter '%s'", spec->name);
    if (!what)
        return yg_fail_memory(builder->error);
    for (size_t d = 0; d < spec->shape.count; d++)
        if (!yg_evaluate_int(builder, scope, spec->shape.dims[d], what, 1, &shape[d]))
            return false;
    yg_error failure = {0};
    return yg_type_make(builder->dtype, (int)spec->shape.count, shape, type, &failure) ||
           yg_fail(builder->error, failure.code, spec->shape.origin, "%s: %s", what,
                   failure.message);
}

/* The parameter that `share:` means. */
static bool shared_param(yg_builder *builder, const char *full, const yg_param_spec *spec,
                         const yg_type *type, yg_node *node) {
    const yg_network *network = builder->network;
    const size_t found = yg_names_find(&network->parameter_names, full);
    char here[YG_TYPE_TEXT], there[YG_TYPE_TEXT];
    if (found == YG_NOT_FOUND) {
        return yg_fail(builder->error, YG_ERROR_NAME, spec->origin,
                       "`share`: there is no parameter '%s' to share", full);
    }
    *node = network->parameters[found].node;
    const yg_type *other = yg_node_type(builder->graph, *node);
    return yg_type_equal(other, type) ||
           yg_fail(builder->error, YG_ERROR_SHAPE, spec->origin,
                   "`share`: '%s' is %s, needed here is %s", full, yg_type_text(other, there),
                   yg_type_text(type, here));
}

static bool new_param(yg_builder *builder, const yg_scope *scope, const char *full,
                      const yg_param_spec *spec, const yg_type *type, yg_node *node) {
    yg_network *network = builder->network;
    const yg_initializer *init = yg_build_init(builder, scope, spec->init);
    if (!init || !yg_initializer_fits(init, type, spec->init->origin, builder->error))
        return false;
    if (yg_names_find(&network->parameter_names, full) != YG_NOT_FOUND) {
        return yg_fail(builder->error, YG_ERROR_NAME, spec->origin, "there are two parameters '%s'",
                       full);
    }
    yg_builder_at(builder, spec->origin);
    *node = yg_parameter(builder->graph, full, type);
    if (*node == YG_NONE)
        return yg_fail_from_graph(builder, spec->origin);
    yg_network_parameter *grown = yg_pool_grow(builder->pool, network->parameters,
                                               network->parameter_names.count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(builder->error);
    network->parameters = grown;
    network->parameters[network->parameter_names.count] =
        (yg_network_parameter){.name = full,
                               .node = *node,
                               .trainable = spec->trainable,
                               .init = init,
                               .origin = builder->depth == 0 ? spec->origin : builder->place};
    builder->parameter_elements += yg_type_count(type);
    return yg_names_add(&network->parameter_names, builder->pool, full) ||
           yg_fail_memory(builder->error);
}

static bool build_param(yg_builder *builder, yg_scope *scope, const yg_param_spec *spec) {
    const char *full = yg_pool_format(builder->pool, "%s%s", scope->parameter_prefix, spec->name);
    yg_binding binding = {.term = {.kind = YG_TERM_TENSOR}};
    bool wanted = true;
    if (!full)
        return yg_fail_memory(builder->error);
    if (spec->condition) {
        yg_term condition;
        char found[200];
        if (!yg_evaluate_term(builder, scope, spec->condition, &condition))
            return false;
        if (condition.kind != YG_TERM_BOOL || condition.varies) {
            return yg_fail(builder->error, YG_ERROR_ARGUMENT, spec->condition->origin,
                           "`if` of parameter '%s': true or false, the same in every graph, is "
                           "expected, found %s",
                           spec->name, yg_term_describe(builder, &condition, found, sizeof found));
        }
        wanted = condition.i != 0;
    }
    if (!wanted) {
        binding.term = (yg_term){.kind = YG_TERM_ABSENT, .text = "its `if` is false"};
        return yg_scope_add(builder, scope, spec->name, spec->origin, binding);
    }
    yg_type type;
    if (!param_type(builder, scope, spec, &type) ||
        !(scope->shared ? shared_param(builder, full, spec, &type, &binding.term.node)
                        : new_param(builder, scope, full, spec, &type, &binding.term.node)))
        return false;
    if (builder->expansion) {
        binding.written = yg_written_name(builder->pool, full, spec->origin);
        if (!binding.written)
            return yg_fail_memory(builder->error);
    }
    return yg_scope_add(builder, scope, spec->name, spec->origin, binding);
}

bool yg_build_params(yg_builder *builder, yg_scope *scope, const yg_body *body) {
    for (size_t i = 0; i < body->param_count; i++)
        if (!build_param(builder, scope, &body->params[i]))
            return false;
    return true;
}

/* -------------------------------------------------------------------------------- statements -- */

bool yg_count_statement(yg_builder *builder, yg_origin origin) {
    builder->statement_count++;
    return builder->statement_count <= YG_STATEMENT_CAP ||
           yg_fail(builder->error, YG_ERROR_ARGUMENT, origin,
                   "the model has more than %d nodes with all its layers", YG_STATEMENT_CAP);
}

static bool record_expression(yg_builder *builder, const yg_statement *statement, yg_node node) {
    yg_network *network = builder->network;
    yg_network_layer *grown =
        yg_pool_grow(builder->pool, network->layers, network->layer_count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(builder->error);
    network->layers = grown;
    network->layers[network->layer_count++] = (yg_network_layer){
        .name = statement->names[0], .type = "", .output = node, .origin = statement->origin};
    return true;
}

static bool build_expression(yg_builder *builder, yg_scope *scope, const yg_statement *statement) {
    yg_term results[YG_MAX_RESULTS];
    size_t count;
    if (!yg_evaluate_all(builder, scope, statement->expression, results, &count))
        return false;
    if (count != statement->name_count) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, statement->origin,
                       "the expression gives %zu result%s, %zu name%s found", count,
                       count == 1 ? "" : "s", statement->name_count,
                       statement->name_count == 1 ? "" : "s");
    }
    const yg_expression *written = NULL;
    const char **full = yg_pool_take(builder->pool, count * sizeof *full);
    if (!full)
        return yg_fail_memory(builder->error);
    for (size_t i = 0; i < count; i++) {
        full[i] = yg_pool_format(builder->pool, "%s%s", scope->prefix, statement->names[i]);
        if (!full[i])
            return yg_fail_memory(builder->error);
    }
    if (builder->expansion) {
        written = yg_rewrite(builder, scope, statement->expression);
        if (!written)
            return yg_fail_memory(builder->error);
        if (!yg_expand_statement(builder, full, count, written))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        yg_binding binding = {.term = results[i]};
        char found[200];
        if (results[i].kind == YG_TERM_TEXT || results[i].kind > YG_TERM_TENSOR) {
            return yg_fail(builder->error, YG_ERROR_ARGUMENT, statement->expression->origin,
                           "node '%s': a tensor is expected, found %s", statement->names[i],
                           yg_term_describe(builder, &results[i], found, sizeof found));
        }
        if (builder->expansion) {
            binding.written = yg_written_name(builder->pool, full[i], statement->origin);
            if (!binding.written)
                return yg_fail_memory(builder->error);
        }
        if (!yg_scope_add(builder, scope, statement->names[i], statement->origin, binding))
            return false;
        if (results[i].kind == YG_TERM_TENSOR)
            yg_node_set_name(builder->graph, results[i].node, full[i]);
    }
    return builder->depth > 0 || results[0].kind != YG_TERM_TENSOR ||
           record_expression(builder, statement, results[0].node);
}

bool yg_build_body(yg_builder *builder, yg_scope *scope, const yg_body *body) {
    for (size_t i = 0; i < body->statement_count; i++) {
        const yg_statement *statement = &body->statements[i];
        const yg_statement *above = i == 0 ? NULL : &body->statements[i - 1];
        if (builder->depth == 0)
            builder->place = statement->origin;
        if (!yg_count_statement(builder, statement->origin))
            return false;
        if (!(statement->layer ? yg_build_layer(builder, scope, statement, above)
                               : build_expression(builder, scope, statement)))
            return false;
    }
    return true;
}
