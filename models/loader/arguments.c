/*
 * The arguments of a layer node or a schedule, read as its definition declares them.
 */
#include "../../graph/number.h"
#include "../../graph/spelling.h"
#include "definitions.h"
#include "expander.h"
#include "expression_tree.h"
#include "read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct argument_site {
    yg_expander *x;
    const yg_scope *scope; /* the names that the value may use; for a default, `inner` */
    yg_scope *inner;       /* the layer's own scope */
    const yg_definition *type;
    const yg_argument_spec *spec;
    const yg_value *value;
} argument_site;

static bool wrong(const argument_site *site, const char *expected, const yg_term *found) {
    char text[200];
    return yg_fail(
        site->x->error, YG_ERROR_ARGUMENT, site->value->origin,
        "`%s` of %s '%s': %s is expected, found %s", site->spec->name, yg_kind_of(site->type),
        site->type->name, expected,
        yg_term_describe(site->x->trial ? site->x->trial->graph : NULL, found, text, sizeof text));
}

static bool check_range(const argument_site *site, double value) {
    const yg_argument_spec *spec = site->spec;
    char low[YG_NUMBER_TEXT], high[YG_NUMBER_TEXT], found[YG_NUMBER_TEXT];
    /* NaN lies in no range. It is allowed only where the argument has no range. */
    if ((value >= spec->min && value <= spec->max) || (isinf(spec->min) && isinf(spec->max)))
        return true;
    const bool both = isfinite(spec->min) && isfinite(spec->max);
    const char *form = both ? "between" : isfinite(spec->min) ? "at least" : "at most";
    return yg_fail(site->x->error, YG_ERROR_ARGUMENT, site->value->origin,
                   "`%s` of %s '%s' is %s %s%s%s, found %s", spec->name, yg_kind_of(site->type),
                   site->type->name, form,
                   yg_number_text(isfinite(spec->min) ? spec->min : spec->max, low),
                   both ? " and " : "", both ? yg_number_text(spec->max, high) : "",
                   yg_number_text(value, found));
}

/* ----------------------------------------------------------------------------------- numbers -- */

/* What a list of an argument may be, for messages. */
static void list_text(const yg_argument_spec *spec, char *text, size_t size) {
    char list[40];
    const char *one = spec->kind == YG_ARGUMENT_FLOATS ? "a number" : "a whole number";
    if (spec->count > 0)
        snprintf(list, sizeof list, "a list of %d", (int)spec->count);
    else
        snprintf(list, sizeof list, "a list of %ss", one + 2);
    snprintf(text, size, "%s%s%s%s", spec->count > 0 ? one : list,
             spec->count > 1 ? (spec->choices ? ", " : " or ") : "", spec->count > 1 ? list : "",
             spec->choices ? " or a word" : "");
}

/* Where a list is wanted a number stands for a list of as many as are wanted, all alike. */
static bool as_list(const argument_site *site, yg_term *term, yg_term *value) {
    const size_t count = site->spec->count > 0 ? (size_t)site->spec->count : 1;
    const bool number = value->kind == YG_TERM_INT ||
                        (site->spec->kind == YG_ARGUMENT_FLOATS && value->kind == YG_TERM_FLOAT);
    if ((site->spec->kind != YG_ARGUMENT_INTS && site->spec->kind != YG_ARGUMENT_FLOATS) || !number)
        return true;
    yg_term *terms = yg_pool_take(site->x->pool, 2 * count * sizeof *terms);
    if (!terms)
        return yg_fail_memory(site->x->error);
    for (size_t i = 0; i < count; i++) {
        terms[i] = *term;
        terms[count + i] = *value;
    }
    *term = (yg_term){.kind = YG_TERM_LIST, .items = terms, .count = count};
    *value = (yg_term){.kind = YG_TERM_LIST, .items = terms + count, .count = count};
    return true;
}

/* Checks an entry of a list. Null stands for -1, so it may stand where -1 may. */
static bool check_entry(const argument_site *site, const yg_term *entry, const char *expected) {
    const bool floats = site->spec->kind == YG_ARGUMENT_FLOATS;
    if (entry->kind == YG_TERM_NULL && !floats && site->spec->min <= -1)
        return true;
    if (entry->kind != YG_TERM_INT && (entry->kind != YG_TERM_FLOAT || !floats))
        return wrong(site, expected, entry);
    return check_range(site, entry->kind == YG_TERM_INT ? (double)entry->i : entry->f);
}

/* Checks that a number has the kind and the range that the layer type declares. */
static bool check_value(const argument_site *site, const yg_term *value) {
    switch (site->spec->kind) {
    case YG_ARGUMENT_INT:
        return value->kind == YG_TERM_INT ? check_range(site, (double)value->i)
                                          : wrong(site, "a whole number", value);
    case YG_ARGUMENT_FLOAT:
        return value->kind == YG_TERM_FLOAT || value->kind == YG_TERM_INT
                   ? check_range(site, value->kind == YG_TERM_INT ? (double)value->i : value->f)
                   : wrong(site, "a number", value);
    case YG_ARGUMENT_BOOL:
        return value->kind == YG_TERM_BOOL || wrong(site, "true or false", value);
    default:
        break;
    }
    char expected[100];
    list_text(site->spec, expected, sizeof expected);
    if (value->kind != YG_TERM_LIST ||
        (site->spec->count > 0 && value->count != (size_t)site->spec->count))
        return wrong(site, expected, value);
    for (size_t i = 0; i < value->count; i++) {
        if (!check_entry(site, &value->items[i], expected))
            return false;
    }
    return true;
}

/* A formula that is given for an argument becomes a statement of its own, so that it is computed
 * once. If it were written out wherever the body names the argument, the text could double with
 * every layer inside a layer. */
static bool name_formula(const argument_site *site, const char *name, yg_term *term) {
    const yg_expression *e = term->written;
    const bool size = e->kind == YG_EXPRESSION_CALL && strcmp(e->text, "size") == 0 &&
                      e->children[0]->kind == YG_EXPRESSION_NAME;
    if (e->kind == YG_EXPRESSION_NAME || size)
        return true;
    return yg_emit_one(site->x, site->inner->prefix, name, e, e->origin, term);
}

/* A whole number that is given for a float argument becomes a float. */
static bool as_fraction(const argument_site *site, const yg_term *value, yg_term *term) {
    if (site->spec->kind != YG_ARGUMENT_FLOAT || value->kind != YG_TERM_INT)
        return true;
    if (term->kind != YG_TERM_WRITTEN) {
        *term = (yg_term){.kind = YG_TERM_FLOAT, .f = (double)value->i};
        return true;
    }
    yg_pool *pool = site->x->pool;
    term->written =
        yg_expression_infix(pool, "*", term->written,
                            yg_expression_real(pool, 1, site->value->origin), site->value->origin);
    return term->written || yg_fail_memory(site->x->error);
}

static bool read_number(const argument_site *site, const yg_expression *expression, yg_term *term) {
    yg_term value;
    if (!yg_expand_expression(site->x, site->scope, expression, term) ||
        !yg_value_of(site->x, term, &value) || !as_list(site, term, &value) ||
        !check_value(site, &value) || !as_fraction(site, &value, term))
        return false;
    if (term->kind == YG_TERM_WRITTEN)
        return name_formula(site, site->spec->name, term);
    for (size_t i = 0; term->kind == YG_TERM_LIST && i < term->count; i++) {
        const char *name = yg_pool_format(site->x->pool, "%s.%zu", site->spec->name, i);
        if (!name)
            return yg_fail_memory(site->x->error);
        if (term->items[i].kind == YG_TERM_WRITTEN && !name_formula(site, name, &term->items[i]))
            return false;
    }
    return true;
}

/* Whether a text is one of YAML's other words for true and false, such as `yes`. */
static bool is_other_truth(const argument_site *site, const yg_expression *expression) {
    static const char *const words[] = {"yes", "no", "on", "off"};
    if (site->spec->kind != YG_ARGUMENT_BOOL || expression->kind != YG_EXPRESSION_NAME)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(expression->text, words[i]) == 0)
            return !yg_scope_find(site->scope, words[i]);
    return false;
}

/* ------------------------------------------------------------------------------- other kinds -- */

/* In a layer's body, `activation: activation` passes on the body's own argument of that name.
 * Returns it, or NULL if the value is no such name. */
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
    if (!word && !yg_value_text(site->value, site->spec->name, &word, site->x->error))
        return false;
    size_t count = 0;
    for (; site->spec->choices[count]; count++) {
        if (strcmp(site->spec->choices[count], word) == 0) {
            *term = (yg_term){.kind = YG_TERM_TEXT, .text = word};
            return true;
        }
    }
    return yg_fail(site->x->error, YG_ERROR_ARGUMENT, site->value->origin,
                   "`%s` of %s '%s' cannot be '%s'%s", site->spec->name, yg_kind_of(site->type),
                   site->type->name, word,
                   yg_suggest(word, site->spec->choices, count, hint, sizeof hint));
}

/* Whether a word stands where numbers are wanted: `padding: same`. A name of a number goes first.
 */
static bool is_word(const argument_site *site, const yg_expression *expression) {
    if (site->spec->kind != YG_ARGUMENT_INTS || !site->spec->choices)
        return false;
    return expression->kind == YG_EXPRESSION_TEXT || passed_on(site, YG_TERM_TEXT) ||
           (expression->kind == YG_EXPRESSION_NAME && !strchr(expression->text, '.') &&
            !yg_scope_find(site->scope, expression->text));
}

static bool read_op(const argument_site *site, const yg_expression *expression, yg_term *term) {
    const yg_binding *outer = passed_on(site, YG_TERM_FUNCTION);
    if (!outer)
        return yg_read_function(site->x, site->scope, expression, site->spec->name,
                                site->type->name, term);
    *term = outer->term;
    return true;
}

/* A default, `{type: uniform, high: 1 / in_features}`, may use sizes of inputs, which are not known
 * here yet. So it is evaluated where a parameter uses it. */
static bool read_init(const argument_site *site, yg_term *term) {
    const yg_init_spec *spec = yg_read_init(site->x->pool, site->value, site->x->error);
    *term = (yg_term){.kind = YG_TERM_INIT};
    if (!spec)
        return false;
    if (site->scope == site->inner && yg_init_find(spec->type)) {
        term->init_spec = spec;
        term->init_scope = site->inner;
        return true;
    }
    term->init = yg_expand_init(site->x, site->scope, spec);
    return term->init != NULL;
}

static bool read_layer(const argument_site *site, const yg_argument *argument, yg_term *term) {
    const yg_binding *outer = passed_on(site, YG_TERM_LAYER);
    if (outer) {
        *term = outer->term;
        return true;
    }
    if (!argument->layers)
        return yg_fail(site->x->error, YG_ERROR_ARGUMENT, site->value->origin,
                       "`%s` of layer type '%s': a layer is expected, as {type: linear, "
                       "out_features: 3}, or a list of them",
                       site->spec->name, site->type->name);
    *term = (yg_term){.kind = YG_TERM_LAYER};
    term->layers = argument->layers;
    term->layer_count = argument->layer_count;
    term->scope = site->scope;
    return true;
}

static bool read_argument(const argument_site *site, const yg_argument *argument, yg_term *term) {
    switch (site->spec->kind) {
    case YG_ARGUMENT_CHOICE:
        return read_choice(site, term);
    case YG_ARGUMENT_INIT:
        return read_init(site, term);
    case YG_ARGUMENT_LAYER:
        return read_layer(site, argument, term);
    default:
        break;
    }
    const yg_expression *expression =
        yg_read_expression(site->x->pool, site->value, site->spec->name, site->x->error);
    if (!expression)
        return false;
    if (site->spec->kind == YG_ARGUMENT_OP)
        return read_op(site, expression, term);
    if (is_word(site, expression))
        return read_choice(site, term);
    if (!is_other_truth(site, expression))
        return read_number(site, expression, term);
    char what[160];
    bool none;
    snprintf(what, sizeof what, "`%.60s` of %s '%.60s'", site->spec->name, yg_kind_of(site->type),
             site->type->name);
    return yg_value_bool(site->value, what, &none, site->x->error);
}

/* Whether the value is the name of an argument or input of this body that is absent. Handed on to
 * an argument that need not be given, it counts as not given. */
static bool is_absent(const yg_scope *scope, const yg_argument_spec *spec, const yg_value *value) {
    const yg_binding *binding =
        value->kind == YG_SCALAR && !value->quoted ? yg_scope_find(scope, value->text) : NULL;
    return binding && binding->term.kind == YG_TERM_ABSENT && (spec->fallback || spec->optional);
}

bool yg_bind_arguments(yg_expander *x, const yg_scope *outer, const yg_layer_use *use,
                       yg_scope *scope) {
    const yg_definition *type = use->definition;
    for (size_t k = 0; k < type->argument_count; k++) {
        const yg_argument_spec *spec = &type->arguments[k];
        const yg_value *given = use->arguments[k].value;
        if (given && is_absent(outer, spec, given))
            given = NULL;
        if (!given && !spec->fallback) {
            const yg_term absent = {.kind = YG_TERM_ABSENT,
                                    .text = "the layer node does not give this argument"};
            if (!yg_scope_add(x, scope, spec->name, spec->origin, (yg_binding){.term = absent}))
                return false;
            continue;
        }
        /* A default may use the arguments before it, and no name of the node. */
        const argument_site site = {.x = x,
                                    .scope = given ? outer : scope,
                                    .inner = scope,
                                    .type = type,
                                    .spec = spec,
                                    .value = given ? given : spec->fallback};
        yg_binding binding = {0};
        if (!read_argument(&site, &use->arguments[k], &binding.term) ||
            !yg_scope_add(x, scope, spec->name, spec->origin, binding))
            return false;
    }
    return true;
}
