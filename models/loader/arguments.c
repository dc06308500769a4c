/*
 * The arguments of a layer node, read as the layer type declares them.
 */
#include "../../graph/number.h"
#include "../../graph/spelling.h"
#include "builder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct argument_site {
    yg_builder *builder;
    const yg_scope *scope; /* whose names the value may use */
    const yg_definition *type;
    const yg_argument_spec *spec;
    const yg_value *value;
} argument_site;

static bool wrong(const argument_site *site, const char *expected, const yg_term *found) {
    char text[200];
    return yg_fail(site->builder->error, YG_ERROR_ARGUMENT, site->value->origin,
                   "`%s` of layer type '%s': %s is expected, found %s", site->spec->name,
                   site->type->name, expected,
                   yg_term_describe(site->builder, found, text, sizeof text));
}

static bool check_range(const argument_site *site, double value) {
    const yg_argument_spec *spec = site->spec;
    char low[YG_NUMBER_TEXT], high[YG_NUMBER_TEXT], found[YG_NUMBER_TEXT];
    if (value >= spec->min && value <= spec->max)
        return true;
    const bool both = isfinite(spec->min) && isfinite(spec->max);
    const char *form = both ? "between" : isfinite(spec->min) ? "at least" : "at most";
    return yg_fail(site->builder->error, YG_ERROR_ARGUMENT, site->value->origin,
                   "`%s` of layer type '%s' is %s %s%s%s, found %s", spec->name, site->type->name,
                   form, yg_number_text(isfinite(spec->min) ? spec->min : spec->max, low),
                   both ? " and " : "", both ? yg_number_text(spec->max, high) : "",
                   yg_number_text(value, found));
}

/* The value as an expression over the node's names. */
static const yg_expression *parse(const argument_site *site) {
    return yg_read_expression(site->builder->pool, site->value, site->spec->name,
                              site->builder->error);
}

static bool read_number(const argument_site *site, yg_term *term) {
    switch (site->spec->kind) {
    case YG_ARGUMENT_INT:
        return term->kind == YG_TERM_INT ? check_range(site, (double)term->i)
                                         : wrong(site, "a whole number", term);
    case YG_ARGUMENT_FLOAT:
        if (term->kind == YG_TERM_INT)
            *term = (yg_term){.kind = YG_TERM_FLOAT, .varies = term->varies, .f = (double)term->i};
        return term->kind == YG_TERM_FLOAT ? check_range(site, term->f)
                                           : wrong(site, "a number", term);
    case YG_ARGUMENT_BOOL:
        return term->kind == YG_TERM_BOOL || wrong(site, "true or false", term);
    default:
        break;
    }
    if (term->kind != YG_TERM_LIST)
        return wrong(site, "a list of whole numbers", term);
    for (size_t i = 0; i < term->count; i++) {
        if (term->items[i].kind != YG_TERM_INT)
            return wrong(site, "a list of whole numbers", &term->items[i]);
        if (!check_range(site, (double)term->items[i].i))
            return false;
    }
    return true;
}

/* A word that names an argument of the node's own layer type passes that one on. */
static const yg_binding *passed_on(const argument_site *site, yg_term_kind kind) {
    const yg_binding *binding = site->value->kind == YG_SCALAR && !site->value->quoted
                                    ? yg_scope_find(site->scope, site->value->text)
                                    : NULL;
    return binding && binding->term.kind == kind ? binding : NULL;
}

static bool read_choice(const argument_site *site, yg_term *term) {
    const yg_binding *outer = passed_on(site, YG_TERM_TEXT);
    const char *word = outer ? outer->term.text : NULL;
    char hint[300];
    if (!word && !yg_value_text(site->value, site->spec->name, &word, site->builder->error))
        return false;
    size_t count = 0;
    for (; site->spec->choices[count]; count++) {
        if (strcmp(site->spec->choices[count], word) == 0) {
            *term = (yg_term){.kind = YG_TERM_TEXT, .text = word};
            return true;
        }
    }
    return yg_fail(site->builder->error, YG_ERROR_ARGUMENT, site->value->origin,
                   "`%s` of layer type '%s' cannot be '%s'%s", site->spec->name, site->type->name,
                   word, yg_suggest(word, site->spec->choices, count, hint, sizeof hint));
}

static bool unknown_op(const argument_site *site, const char *name) {
    const yg_op_set *set = site->builder->model->ops;
    const char **known = yg_pool_take(site->builder->pool, (set->count + 1) * sizeof *known);
    char hint[300];
    size_t count = 0;
    if (!known)
        return yg_fail_memory(site->builder->error);
    for (size_t i = 0; i < set->count; i++) {
        const yg_op *op = set->ops[i];
        if ((op->flags & (YG_OP_INTERNAL | YG_OP_LEAF)) == 0 && op->min_operands == 1)
            known[count++] = op->name;
    }
    return yg_fail(site->builder->error, YG_ERROR_NAME, site->value->origin,
                   "`%s` of layer type '%s': unknown operator '%s'%s", site->spec->name,
                   site->type->name, name,
                   yg_nearest(name, known, count)
                       ? yg_suggest(name, known, count, hint, sizeof hint)
                       : "; `yamlgrad ops` lists those that there are");
}

/* `relu`, or `leaky_relu(0.1)`: everything but its tensor. Its numbers are evaluated here, since
 * the layer's body does not see the node's names. */
static bool read_op(const argument_site *site, yg_term *term) {
    yg_builder *builder = site->builder;
    const yg_binding *outer = passed_on(site, YG_TERM_FUNCTION);
    if (outer) {
        *term = outer->term;
        return true;
    }
    const yg_expression *written = parse(site);
    if (!written)
        return false;
    const bool call = written->kind == YG_EXPRESSION_CALL && !written->infix;
    if (!call && written->kind != YG_EXPRESSION_NAME) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, site->value->origin,
                       "`%s` of layer type '%s': an operator such as relu or leaky_relu(0.1) is "
                       "expected",
                       site->spec->name, site->type->name);
    }
    const yg_op *op = yg_op_find(builder->model->ops, written->text);
    if (!op || (op->flags & (YG_OP_INTERNAL | YG_OP_LEAF)) != 0)
        return unknown_op(site, written->text);
    if (op->min_operands != 1 || (op->flags & YG_OP_LIST) != 0) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, site->value->origin,
                       "`%s` of layer type '%s': '%s' does not take one tensor", site->spec->name,
                       site->type->name, op->name);
    }
    yg_expression *function = yg_pool_take(builder->pool, sizeof *function);
    yg_expression **children = yg_pool_take(builder->pool, (written->count + 1) * sizeof *children);
    if (!function || !children)
        return yg_fail_memory(builder->error);
    *function = *written;
    function->kind = YG_EXPRESSION_CALL;
    function->children = children;
    for (size_t i = 0; i < written->count; i++) {
        const yg_expression *argument = written->children[i];
        const bool word =
            argument->kind == YG_EXPRESSION_TEXT ||
            (argument->kind == YG_EXPRESSION_NAME && !yg_scope_find(site->scope, argument->text) &&
             strcmp(argument->text, "true") != 0 && strcmp(argument->text, "false") != 0);
        yg_term value;
        children[i] = written->children[i];
        if (word)
            continue; /* approximate=tanh: read by the operator */
        if (!yg_evaluate_term(builder, site->scope, argument, &value))
            return false;
        if (value.varies || value.kind > YG_TERM_LIST) {
            return yg_fail(builder->error, YG_ERROR_ARGUMENT, argument->origin,
                           "`%s`: '%s' can be given constants only here", site->spec->name,
                           op->name);
        }
        children[i] = (yg_expression *)yg_written_term(builder->pool, &value, argument->origin);
        if (!children[i])
            return yg_fail_memory(builder->error);
    }
    *term = (yg_term){.kind = YG_TERM_FUNCTION, .call = function};
    return true;
}

static bool read_init_argument(const argument_site *site, yg_term *term) {
    yg_builder *builder = site->builder;
    const yg_init_spec *spec = yg_read_init(builder->pool, site->value, builder->error);
    const yg_initializer *init = spec ? yg_build_init(builder, site->scope, spec) : NULL;
    *term = (yg_term){.kind = YG_TERM_INIT, .init = init};
    return init != NULL;
}

static bool read_layer(const argument_site *site, const yg_argument *argument, yg_term *term) {
    const yg_binding *outer = passed_on(site, YG_TERM_LAYER);
    if (outer) {
        *term = outer->term;
        return true;
    }
    if (!argument->layers) {
        return yg_fail(site->builder->error, YG_ERROR_ARGUMENT, site->value->origin,
                       "`%s` of layer type '%s': a layer is expected, as {type: linear, "
                       "out_features: 3}, or a list of them",
                       site->spec->name, site->type->name);
    }
    *term = (yg_term){.kind = YG_TERM_LAYER};
    term->layers = argument->layers;
    term->layer_count = argument->layer_count;
    term->scope = site->scope;
    return true;
}

/* Whether a value that is to be true or false is one of YAML's other words for it. */
static bool is_other_truth(const argument_site *site, const yg_expression *expression) {
    static const char *const words[] = {"yes", "no", "on", "off"};
    if (site->spec->kind != YG_ARGUMENT_BOOL || expression->kind != YG_EXPRESSION_NAME)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(expression->text, words[i]) == 0)
            return !yg_scope_find(site->scope, words[i]);
    return false;
}

static bool read_argument(const argument_site *site, const yg_argument *argument,
                          yg_binding *binding) {
    yg_builder *builder = site->builder;
    yg_term *term = &binding->term;
    switch (site->spec->kind) {
    case YG_ARGUMENT_CHOICE:
        return read_choice(site, term);
    case YG_ARGUMENT_OP:
        return read_op(site, term);
    case YG_ARGUMENT_INIT:
        return read_init_argument(site, term);
    case YG_ARGUMENT_LAYER:
        return read_layer(site, argument, term);
    default:
        break;
    }
    const yg_expression *expression = parse(site);
    if (expression && is_other_truth(site, expression)) {
        char what[160];
        bool none;
        snprintf(what, sizeof what, "`%.60s` of layer type '%.60s'", site->spec->name,
                 site->type->name);
        return yg_value_bool(site->value, what, &none, builder->error);
    }
    if (!expression || !yg_evaluate_term(builder, site->scope, expression, term) ||
        !read_number(site, term))
        return false;
    if (term->varies && builder->expansion) {
        binding->written = yg_rewrite(builder, site->scope, expression);
        return binding->written || yg_fail_memory(builder->error);
    }
    return true;
}

bool yg_bind_arguments(yg_builder *builder, const yg_scope *outer, const yg_layer_use *use,
                       yg_scope *scope) {
    const yg_definition *type = use->definition;
    for (size_t k = 0; k < type->argument_count; k++) {
        const yg_argument_spec *spec = &type->arguments[k];
        const yg_value *given = use->arguments[k].value;
        /* A default may use the arguments before it, and no name of the node. */
        const argument_site site = {.builder = builder,
                                    .scope = given ? outer : scope,
                                    .type = type,
                                    .spec = spec,
                                    .value = given ? given : spec->fallback};
        yg_binding binding = {0};
        if (!read_argument(&site, &use->arguments[k], &binding) ||
            !yg_scope_add(builder, scope, spec->name, spec->origin, binding))
            return false;
    }
    return true;
}
