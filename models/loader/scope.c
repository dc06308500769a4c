/*
 * Scopes: which names a body sees, and what each one stands for.
 *
 * A layer type sees its own arguments, inputs, parameters and nodes, and nothing of the model that
 * uses it. So a layer means the same wherever it is used. The one exception is a parameter of a
 * layer node, which is written with a dot ("tok.weight").
 */
#include "../../graph/spelling.h"
#include "definitions.h"
#include "expander.h"
#include "expression_tree.h"

#include <stdio.h>
#include <string.h>

const yg_binding *yg_scope_find(const yg_scope *scope, const char *name) {
    for (; scope; scope = scope->outer) {
        const size_t found = yg_names_find(&scope->names, name);
        if (found != YG_NOT_FOUND)
            return &scope->bindings[found];
    }
    return NULL;
}

bool yg_scope_add(yg_expander *x, yg_scope *scope, const char *name, yg_origin origin,
                  yg_binding binding) {
    const size_t own = yg_names_find(&scope->names, name);
    if (own != YG_NOT_FOUND && scope->bindings[own].is_carry) {
        scope->bindings[own] = binding;
        return true;
    }
    if (yg_scope_find(scope, name))
        return yg_fail(x->error, YG_ERROR_NAME, origin,
                       "the name '%s' is taken: inputs, targets, vars, arguments, parameters, "
                       "dimensions and nodes share their names",
                       name);
    yg_binding *grown = yg_pool_grow(x->pool, scope->bindings, scope->names.count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(x->error);
    scope->bindings = grown;
    scope->bindings[scope->names.count] = binding;
    return yg_names_add(&scope->names, x->pool, name) || yg_fail_memory(x->error);
}

const yg_binding *yg_absent_name(const yg_scope *scope, const yg_expression *expression) {
    const yg_binding *binding =
        expression->kind == YG_EXPRESSION_NAME ? yg_scope_find(scope, expression->text) : NULL;
    return binding && binding->term.kind == YG_TERM_ABSENT ? binding : NULL;
}

bool yg_fail_absent(yg_expander *x, const char *name, const yg_term *absent, yg_origin origin) {
    x->met_absent = true;
    return yg_fail(x->error, YG_ERROR_NAME, origin, "'%s' is not there: %s", name, absent->text);
}

/* A parameter of this name, or NULL. */
static const char *known_parameter(const yg_expander *x, const char *prefix, const char *name,
                                   const char *suffix) {
    const char *full = yg_pool_format(x->pool, "%s%s%s", prefix, name, suffix);
    const bool known = full && yg_names_find(&x->flat->param_names, full) != YG_NOT_FOUND;
    return known ? full : NULL;
}

/* The full name of a parameter of a layer node, such as "tok.weight", or "weight_l0" of a node with
 * `names`. A node with `names` or `share` tells itself how its parameters are called. NULL: there
 * is none. */
static const char *full_parameter(const yg_expander *x, const yg_scope *scope, const char *name) {
    const char *full = NULL;
    for (const yg_scope *s = scope; !full && s; s = s->outer)
        full = known_parameter(x, s->parameter_prefix, name, s->parameter_suffix);
    for (const char *dot = strchr(name, '.'); !full && dot; dot = strchr(dot + 1, '.')) {
        const char *node = yg_pool_copy(x->pool, name, (size_t)(dot - name));
        const yg_binding *binding = node ? yg_scope_find(scope, node) : NULL;
        if (binding && binding->layer)
            full =
                known_parameter(x, binding->parameter_prefix, dot + 1, binding->parameter_suffix);
    }
    return full;
}

static bool find_parameter(const yg_expander *x, const yg_scope *scope, const char *name,
                           yg_origin origin, yg_term *term) {
    const char *full = x->flat ? full_parameter(x, scope, name) : NULL;
    if (!full)
        return false;
    *term = (yg_term){.kind = YG_TERM_WRITTEN,
                      .written = yg_expression_new(x->pool, YG_EXPRESSION_NAME, origin, full)};
    return term->written != NULL;
}

/* A result of a layer node by the name that its type gives it, such as "lstm1.h_n". */
static bool find_result(const yg_scope *scope, yg_pool *pool, const char *name, yg_term *term) {
    for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
        const char *node = yg_pool_copy(pool, name, (size_t)(dot - name));
        const yg_binding *binding = node ? yg_scope_find(scope, node) : NULL;
        const yg_definition *type = binding && binding->layer ? binding->layer->definition : NULL;
        for (size_t i = 0; type && i < binding->result_count; i++)
            if (strcmp(type->body.outputs[i].name, dot + 1) == 0) {
                *term = binding->results[i];
                return true;
            }
    }
    return false;
}

/* layer_losses, the sum of what layers add to the loss. No word of the language: a node may have
 * that name, which then comes first. */
static bool find_losses(yg_expander *x, const char *name, yg_origin origin, yg_term *term) {
    if (!x->flat || strcmp(name, "layer_losses") != 0)
        return false;
    if (!x->results)
        return yg_fail(x->error, YG_ERROR_NAME, origin,
                       "'layer_losses' stands in `loss` and `metrics` only");
    *term = (yg_term){.kind = YG_TERM_WRITTEN, .written = yg_sum_losses(x, origin)};
    return term->written != NULL;
}

/* The error for a layer node that exists, and a parameter or result that does not. Suggests those
 * that the node has. */
static bool unknown_parameter(const yg_expander *x, const yg_scope *scope, const yg_binding *node,
                              const char *name, yg_origin origin) {
    yg_names known = {0};
    const yg_definition *type = node->layer->definition;
    const char *dot = strrchr(name, '.');
    const char *full =
        yg_pool_format(x->pool, "%s%.*s.", scope->parameter_prefix, (int)(dot - name), name);
    for (size_t i = 0; full && i < x->flat->param_names.count; i++) {
        const char *parameter = x->flat->param_names.names[i];
        if (strncmp(parameter, full, strlen(full)) == 0 &&
            !yg_names_add(&known, x->pool, parameter + strlen(full)))
            break;
    }
    for (size_t i = 0; type && i < node->result_count; i++)
        if (yg_names_find(&known, type->body.outputs[i].name) == YG_NOT_FOUND &&
            !yg_names_add(&known, x->pool, type->body.outputs[i].name))
            break;
    char hint[400];
    return yg_fail(x->error, YG_ERROR_NAME, origin, "'%.*s' has no parameter or result '%s'%s",
                   (int)(dot - name), name, dot + 1,
                   yg_names_suggest(&known, dot + 1, hint, sizeof hint));
}

/* The names of a scope and of those around it, for suggestions. */
static yg_names visible_names(const yg_expander *x, const yg_scope *scope) {
    yg_names known = {0};
    bool room = true;
    for (const yg_scope *s = scope; room && s; s = s->outer)
        for (size_t i = 0; room && i < s->names.count; i++)
            room = yg_names_find(&known, s->names.names[i]) != YG_NOT_FOUND ||
                   yg_names_add(&known, x->pool, s->names.names[i]);
    return known;
}

static bool unknown_name(const yg_expander *x, const yg_scope *scope, const char *name,
                         yg_origin origin) {
    char hint[500];
    const char *dot = strrchr(name, '.');
    if (dot && x->flat) {
        const char *node = yg_pool_copy(x->pool, name, (size_t)(dot - name));
        const yg_binding *binding = node ? yg_scope_find(scope, node) : NULL;
        if (binding && binding->layer)
            return unknown_parameter(x, scope, binding, name, origin);
    }
    for (size_t i = 0; scope->definition && i < x->model->var_count; i++)
        if (strcmp(x->model->vars[i].name, name) == 0)
            return yg_fail(x->error, YG_ERROR_NAME, origin,
                           "'%s' is a var of the model, which a %s does not see: give the %s an "
                           "argument for it",
                           name, yg_kind_of(scope->definition),
                           scope->definition->rate ? "schedule" : "type");
    if (yg_op_find(x->model->ops, name))
        return yg_fail(x->error, YG_ERROR_NAME, origin,
                       "'%s' is an operator: it is called, as %s(…)", name, name);
    if (dot && (strcmp(dot, ".shape") == 0 || strcmp(dot, ".T") == 0))
        return yg_fail(x->error, YG_ERROR_NAME, origin, "unknown name '%s'; write %s(%.*s%s)", name,
                       dot[1] == 'T' ? "transpose" : "size", (int)(dot - name), name,
                       dot[1] == 'T' ? "" : ", dim");
    const yg_names known = visible_names(x, scope);
    return yg_fail(x->error, YG_ERROR_NAME, origin, "unknown name '%s'%s", name,
                   yg_names_suggest(&known, name, hint, sizeof hint));
}

bool yg_resolve(yg_expander *x, const yg_scope *scope, const char *name, yg_origin origin,
                yg_term *term) {
    const yg_binding *binding = yg_scope_find(scope, name);
    if (binding && binding->term.kind == YG_TERM_ABSENT)
        return yg_fail_absent(x, name, &binding->term, origin);
    if (binding) {
        *term = binding->term;
        return true;
    }
    if (yg_constant_of_name(name, term))
        return true;
    if (strcmp(name, "training") == 0) {
        *term = (yg_term){.kind = YG_TERM_WRITTEN,
                          .written = yg_expression_new(x->pool, YG_EXPRESSION_NAME, origin, name)};
        return term->written || yg_fail_memory(x->error);
    }
    return find_parameter(x, scope, name, origin, term) ||
           find_result(scope, x->pool, name, term) || find_losses(x, name, origin, term) ||
           (x->error->code == YG_OK && unknown_name(x, scope, name, origin));
}
