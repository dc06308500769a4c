/*
 * Names and their values while a network is built.
 */
#include "../../graph/number.h"
#include "../../graph/spelling.h"
#include "builder.h"

#include <stdio.h>
#include <string.h>

#define PI 3.14159265358979323846

const yg_binding *yg_scope_find(const yg_scope *scope, const char *name) {
    for (; scope; scope = scope->outer) {
        const size_t found = yg_names_find(&scope->names, name);
        if (found != YG_NOT_FOUND)
            return &scope->bindings[found];
    }
    return NULL;
}

bool yg_scope_add(yg_builder *builder, yg_scope *scope, const char *name, yg_origin origin,
                  yg_binding binding) {
    if (yg_scope_find(scope, name)) {
        return yg_fail(builder->error, YG_ERROR_NAME, origin,
                       "the name '%s' is taken: inputs, targets, vars, arguments, parameters, "
                       "dimensions and nodes share their names",
                       name);
    }
    yg_binding *grown =
        yg_pool_grow(builder->pool, scope->bindings, scope->names.count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(builder->error);
    scope->bindings = grown;
    scope->bindings[scope->names.count] = binding;
    return yg_names_add(&scope->names, builder->pool, name) || yg_fail_memory(builder->error);
}

/* A parameter of a layer above: "tok.weight" in the names of the whole network. */
static bool find_parameter(const yg_builder *builder, const yg_scope *scope, const char *name,
                           yg_term *term) {
    if (!builder->network || !strchr(name, '.'))
        return false;
    while (scope->outer)
        scope = scope->outer;
    const char *full = yg_pool_format(builder->pool, "%s%s", scope->parameter_prefix, name);
    const size_t found =
        full ? yg_names_find(&builder->network->parameter_names, full) : YG_NOT_FOUND;
    if (found != YG_NOT_FOUND)
        *term = (yg_term){.kind = YG_TERM_TENSOR, .node = builder->network->parameters[found].node};
    return found != YG_NOT_FOUND;
}

/* A parameter of that node with another name: "'tok' has no parameter 'wieght'; known: …". */
static bool unknown_parameter(const yg_builder *builder, const yg_scope *scope, const char *name,
                              yg_origin origin) {
    const yg_network *network = builder->network;
    yg_names known = {0};
    const char *dot = strrchr(name, '.');
    const char *full =
        yg_pool_format(builder->pool, "%s%.*s.", scope->parameter_prefix, (int)(dot - name), name);
    for (size_t i = 0; full && i < network->parameter_names.count; i++) {
        const char *parameter = network->parameter_names.names[i];
        if (strncmp(parameter, full, strlen(full)) == 0 &&
            !yg_names_add(&known, builder->pool, parameter + strlen(full)))
            break;
    }
    char hint[400];
    return yg_fail(builder->error, YG_ERROR_NAME, origin, "'%.*s' has no parameter '%s'%s",
                   (int)(dot - name), name, dot + 1,
                   yg_names_suggest(&known, dot + 1, hint, sizeof hint));
}

static bool unknown_name(const yg_builder *builder, const yg_scope *scope, const char *name,
                         yg_origin origin) {
    char hint[500];
    const char *dot = strrchr(name, '.');
    if (dot && builder->network) {
        const char *node = yg_pool_copy(builder->pool, name, (size_t)(dot - name));
        const yg_binding *binding = node ? yg_scope_find(scope, node) : NULL;
        if (binding && binding->layer)
            return unknown_parameter(builder, scope, name, origin);
    }
    if (scope->definition) {
        for (size_t i = 0; i < builder->model->var_count; i++) {
            if (strcmp(builder->model->vars[i].name, name) == 0) {
                return yg_fail(builder->error, YG_ERROR_NAME, origin,
                               "'%s' is a var of the model, which a layer type does not see: "
                               "give the type an argument for it",
                               name);
            }
        }
    }
    /* Names of the scope and its outer ones, and the language's. */
    yg_names known = {0};
    bool room = true;
    for (const yg_scope *s = scope; room && s; s = s->outer) {
        for (size_t i = 0; room && i < s->names.count; i++) {
            room = yg_names_find(&known, s->names.names[i]) != YG_NOT_FOUND ||
                   yg_names_add(&known, builder->pool, s->names.names[i]);
        }
    }
    if (yg_op_find(builder->model->ops, name)) {
        return yg_fail(builder->error, YG_ERROR_NAME, origin,
                       "'%s' is an operator: it is called, as %s(…)", name, name);
    }
    return yg_fail(builder->error, YG_ERROR_NAME, origin, "unknown name '%s'%s", name,
                   yg_names_suggest(&known, name, hint, sizeof hint));
}

bool yg_resolve(const yg_builder *builder, const yg_scope *scope, const char *name,
                yg_origin origin, yg_term *term) {
    const yg_binding *binding = yg_scope_find(scope, name);
    if (binding && binding->term.kind == YG_TERM_ABSENT) {
        return yg_fail(builder->error, YG_ERROR_NAME, origin, "'%s' is not there: %s", name,
                       binding->term.text);
    }
    if (binding) {
        *term = binding->term;
        return true;
    }
    if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0) {
        *term = (yg_term){.kind = YG_TERM_BOOL, .i = name[0] == 't'};
        return true;
    }
    if (strcmp(name, "training") == 0) {
        *term = (yg_term){.kind = YG_TERM_BOOL, .varies = true, .i = builder->training};
        return true;
    }
    if (strcmp(name, "pi") == 0) {
        *term = (yg_term){.kind = YG_TERM_FLOAT, .f = PI};
        return true;
    }
    return find_parameter(builder, scope, name, term) || unknown_name(builder, scope, name, origin);
}

const char *yg_term_describe(const yg_builder *builder, const yg_term *term, char *text,
                             size_t size) {
    char detail[YG_TYPE_TEXT];
    switch (term->kind) {
    case YG_TERM_INT:
        snprintf(text, size, "the number %lld", (long long)term->i);
        break;
    case YG_TERM_FLOAT:
        snprintf(text, size, "the number %s", yg_number_text(term->f, detail));
        break;
    case YG_TERM_BOOL:
        snprintf(text, size, "%s", term->i ? "true" : "false");
        break;
    case YG_TERM_TEXT:
        snprintf(text, size, "the text '%s'", term->text);
        break;
    case YG_TERM_LIST:
        snprintf(text, size, "a list of %zu", term->count);
        break;
    case YG_TERM_TENSOR:
        snprintf(text, size, "a tensor %s",
                 yg_type_text(yg_node_type(builder->graph, term->node), detail));
        break;
    case YG_TERM_FUNCTION:
        snprintf(text, size, "the operator '%s'", term->call->text);
        break;
    case YG_TERM_INIT:
        snprintf(text, size, "an initialiser");
        break;
    case YG_TERM_LAYER:
        snprintf(text, size, "a layer");
        break;
    case YG_TERM_ABSENT:
        snprintf(text, size, "nothing");
        break;
    }
    return text;
}
