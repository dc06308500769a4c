/*
 * Expands parameters: evaluates shapes, initialisers and their settings.
 */
#include "../../graph/number.h"
#include "../../graph/spelling.h"
#include "../../ops/shape.h"
#include "call.h"
#include "expression_tree.h"
#include "foreign.h"
#include "read.h"
#include "scan_carries.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------------------ initialisers -- */

static const yg_init_method *find_method(const yg_expander *x, const yg_init_spec *spec) {
    const char *known[32];
    char hint[300];
    const yg_init_method *method = yg_init_find(spec->type);
    const char *foreign = method ? NULL : yg_foreign_word(spec->type);
    const size_t count = yg_init_names(known, 32);
    if (!method && foreign && yg_init_find(foreign))
        yg_fail(x->error, YG_ERROR_NAME, spec->origin, "unknown initialiser '%s': here it is '%s'",
                spec->type, foreign);
    else if (!method)
        yg_fail(x->error, YG_ERROR_NAME, spec->origin, "unknown initialiser '%s'%s", spec->type,
                yg_suggest(spec->type, known, count, hint, sizeof hint));
    return method;
}

static bool read_number(const yg_expander *x, const yg_init_setting *setting, const yg_term *term,
                        yg_origin origin, double *value) {
    char low[YG_NUMBER_TEXT], text[YG_NUMBER_TEXT], found[200];
    const bool number = term->kind == YG_TERM_INT || term->kind == YG_TERM_FLOAT;
    const bool wanted = setting->kind == YG_INIT_NUMBER || setting->kind == YG_INIT_GAIN;
    if (!number || !wanted)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, origin, "`%s`: a %s is expected, found %s",
                       setting->name, wanted ? "number" : "word",
                       yg_term_describe(x->trial->graph, term, found, sizeof found));
    *value = term->kind == YG_TERM_INT ? (double)term->i : term->f;
    if (!isfinite(*value) && (isnan(*value) || !setting->infinite))
        return yg_fail(x->error, YG_ERROR_ARGUMENT, origin, "`%s` is a finite number, found %s",
                       setting->name, yg_number_text(*value, text));
    return *value >= setting->min ||
           yg_fail(x->error, YG_ERROR_ARGUMENT, origin, "`%s` is at least %s, found %s",
                   setting->name, yg_number_text(setting->min, low), yg_number_text(*value, text));
}

/* Reads the numbers of `init: [1, 2, 5]`. */
static bool read_list(yg_expander *x, const yg_scope *scope, const yg_expression *expression,
                      yg_initializer *init) {
    yg_term term, list;
    yg_list_shape shape;
    char found[200];
    if (!yg_expand_expression(x, scope, expression, &term) || !yg_value_of(x, &term, &list))
        return false;
    if (list.kind != YG_TERM_LIST)
        return yg_fail(x->error, YG_ERROR_ARGUMENT, expression->origin,
                       "`values`: a list is expected, found %s",
                       yg_term_describe(x->trial->graph, &list, found, sizeof found));
    if (!yg_list_read_shape(x->trial->graph, &list, expression->origin, &shape, x->error))
        return false;
    const int64_t count = yg_shape_product(shape.shape, 0, shape.rank);
    double *numbers = yg_pool_take(x->pool, (size_t)count * sizeof *numbers);
    if (!numbers)
        return yg_fail_memory(x->error);
    for (int64_t i = 0; i < count; i++) {
        const yg_term *number = yg_list_number(&list, &shape, i);
        numbers[i] = number->kind == YG_TERM_FLOAT ? number->f : (double)number->i;
        if (!isfinite(numbers[i]))
            return yg_fail(x->error, YG_ERROR_ARGUMENT, expression->origin,
                           "`init` is made of finite numbers, found %s",
                           yg_number_text(numbers[i], found));
    }
    init->list = numbers;
    init->list_rank = shape.rank;
    memcpy(init->list_shape, shape.shape, sizeof init->list_shape);
    return true;
}

static bool read_setting(yg_expander *x, const yg_scope *scope, const yg_init_setting *setting,
                         const yg_expression *expression, double *value) {
    yg_term term = {.kind = YG_TERM_TEXT, .text = expression->text};
    yg_term constant;
    const bool word = expression->kind == YG_EXPRESSION_NAME &&
                      !yg_scope_find(scope, expression->text) &&
                      !yg_constant_of_name(expression->text, &constant);
    if (!word && (!yg_expand_expression(x, scope, expression, &constant) ||
                  !yg_value_of(x, &constant, &term)))
        return false;
    return setting->kind != YG_INIT_NUMBER && term.kind == YG_TERM_TEXT
               ? yg_init_word(setting, term.text, expression->origin, value, x->error)
               : read_number(x, setting, &term, expression->origin, value);
}

static bool unknown_setting(const yg_expander *x, const yg_init_method *method,
                            const yg_init_spec *spec, size_t index) {
    const char *known[YG_INIT_SETTINGS + 1];
    size_t count;
    char hint[200];
    const yg_init_setting *settings = yg_init_settings(method, &count);
    for (size_t k = 0; k < count; k++)
        known[k] = settings[k].name;
    known[count++] = "zero_row";
    return yg_fail(x->error, YG_ERROR_ARGUMENT, spec->key_origins[index],
                   "initialiser '%s' has no setting '%s'%s", yg_init_name(method),
                   spec->keys[index],
                   yg_suggest(spec->keys[index], known, count, hint, sizeof hint));
}

/* Every initialiser has `zero_row: 3`, a row that is 0 instead. An absent argument leaves it out.
 */
static bool read_zero_row(yg_expander *x, const yg_scope *scope, const yg_expression *expression,
                          yg_initializer *init) {
    yg_term term, value;
    if (yg_absent_name(scope, expression))
        return true;
    init->has_zero_row = true;
    return yg_expand_expression(x, scope, expression, &term) && yg_value_of(x, &term, &value) &&
           yg_term_is_int(x->trial->graph, &value, "`zero_row`", INT64_MIN, expression->origin,
                          &init->zero_row, x->error);
}

static bool read_settings(yg_expander *x, const yg_scope *scope, const yg_init_spec *spec,
                          yg_initializer *init) {
    size_t count;
    const yg_init_setting *settings = yg_init_settings(init->method, &count);
    bool given[YG_INIT_SETTINGS] = {false};
    for (size_t i = 0; i < spec->count; i++) {
        if (strcmp(spec->keys[i], "zero_row") == 0) {
            if (!read_zero_row(x, scope, spec->values[i], init))
                return false;
            continue;
        }
        size_t k = 0;
        while (k < count && strcmp(settings[k].name, spec->keys[i]) != 0)
            k++;
        if (k == count)
            return unknown_setting(x, init->method, spec, i);
        if (settings[k].kind == YG_INIT_LIST
                ? !read_list(x, scope, spec->values[i], init)
                : !read_setting(x, scope, &settings[k], spec->values[i], &init->settings[k]))
            return false;
        given[k] = true;
    }
    for (size_t k = 0; k < count; k++) {
        if (!given[k] && settings[k].required)
            return yg_fail(x->error, YG_ERROR_ARGUMENT, spec->origin,
                           "initialiser '%s' needs `%s`: {type: %s, %s: …}", spec->type,
                           settings[k].name, spec->type, settings[k].name);
        init->settings[k] = given[k] ? init->settings[k] : settings[k].fallback;
    }
    return yg_init_check(init, spec->origin, x->error);
}

static const yg_initializer *expand_method(yg_expander *x, const yg_scope *scope,
                                           const yg_init_spec *spec) {
    const yg_init_method *method = find_method(x, spec);
    yg_initializer *init = yg_pool_take(x->pool, sizeof *init);
    if (!method)
        return NULL;
    if (!init) {
        yg_fail_memory(x->error);
        return NULL;
    }
    init->method = method;
    return read_settings(x, scope, spec, init) ? init : NULL;
}

/* An initialiser that was handed in, with a `zero_row` of its own. */
static const yg_initializer *with_zero_row(yg_expander *x, const yg_scope *scope,
                                           const yg_init_spec *spec, const yg_initializer *given) {
    yg_initializer *init = yg_pool_take(x->pool, sizeof *init);
    if (!init) {
        yg_fail_memory(x->error);
        return NULL;
    }
    *init = *given;
    for (size_t i = 0; i < spec->count; i++) {
        if (strcmp(spec->keys[i], "zero_row") != 0) {
            yg_fail(x->error, YG_ERROR_ARGUMENT, spec->key_origins[i],
                    "'%s' is an initialiser that is handed in with its settings; '%s' cannot be "
                    "given here",
                    spec->type, spec->keys[i]);
            return NULL;
        }
        if (!read_zero_row(x, scope, spec->values[i], init))
            return NULL;
    }
    return init;
}

const yg_initializer *yg_expand_init(yg_expander *x, const yg_scope *scope,
                                     const yg_init_spec *spec) {
    const yg_binding *argument = yg_scope_find(scope, spec->type);
    if (argument && argument->term.kind == YG_TERM_ABSENT) {
        yg_fail_absent(x, spec->type, &argument->term, spec->origin);
        return NULL;
    }
    if (argument && argument->term.kind == YG_TERM_LIST) {
        const yg_init_spec *list = yg_init_of_list(
            x->pool, yg_written(x, &argument->term, spec->origin), spec->origin, x->error);
        return list ? expand_method(x, scope, list) : NULL;
    }
    if (!argument || argument->term.kind != YG_TERM_INIT)
        return expand_method(x, scope, spec);
    const yg_term *term = &argument->term;
    const yg_initializer *given =
        term->init ? term->init : expand_method(x, term->init_scope, term->init_spec);
    return !given || spec->count == 0 ? given : with_zero_row(x, scope, spec, given);
}

/* -------------------------------------------------------------------------------- parameters -- */

/* Appends one entry of a shape: a number, or a list, which stands for all of its numbers. */
static bool append_sizes(const yg_expander *x, const yg_term *value, const char *what,
                         yg_origin origin, int64_t shape[YG_MAX_RANK], int *rank) {
    const yg_term *sizes = value->kind == YG_TERM_LIST ? value->items : value;
    const size_t count = value->kind == YG_TERM_LIST ? value->count : 1;
    if (count > (size_t)(YG_MAX_RANK - *rank))
        return yg_fail(x->error, YG_ERROR_SHAPE, origin, "%s: more than %d dimensions", what,
                       YG_MAX_RANK);
    for (size_t i = 0; i < count; i++)
        if (!yg_term_is_int(x->trial->graph, &sizes[i], what, 1, origin, &shape[(*rank)++],
                            x->error))
            return false;
    return true;
}

static bool param_type(yg_expander *x, const yg_scope *scope, const yg_param_spec *spec,
                       yg_type *type) {
    int64_t shape[YG_MAX_RANK];
    int rank = 0;
    yg_error failure = {0};
    const char *what =
        yg_pool_format(x->pool, spec->state ? "state '%s'" : "parameter '%s'", spec->name);
    if (!what)
        return yg_fail_memory(x->error);
    for (size_t d = 0; d < spec->shape.count; d++) {
        yg_term term, value;
        if (!yg_expand_expression(x, scope, spec->shape.dims[d], &term) ||
            !yg_value_of(x, &term, &value) ||
            !append_sizes(x, &value, what, spec->shape.dims[d]->origin, shape, &rank))
            return false;
    }
    const yg_dtype dtype = yg_dtype_is_float(spec->dtype) ? x->trial->dtype : spec->dtype;
    return yg_type_make(dtype, rank, shape, type, &failure) ||
           yg_fail(x->error, failure.code, spec->shape.origin, "%s: %s", what, failure.message);
}

/* Finds the parameter of another layer that `share:` reuses, and checks that it fits. */
static bool shared_param(const yg_expander *x, const char *full, const yg_param_spec *spec,
                         const yg_type *type) {
    char here[YG_TYPE_TEXT], there[YG_TYPE_TEXT];
    if (yg_names_find(&x->flat->param_names, full) == YG_NOT_FOUND)
        return yg_fail(x->error, YG_ERROR_NAME, spec->origin,
                       "`share`: there is no parameter '%s' to share", full);
    const yg_term *found = yg_builder_read(x->trial, full);
    if (!found)
        return yg_fail_memory(x->error);
    const yg_type *other = yg_node_type(x->trial->graph, found->node);
    return yg_type_equal(other, type) ||
           yg_fail(x->error, YG_ERROR_SHAPE, spec->origin, "`share`: '%s' is %s, needed here is %s",
                   full, yg_type_text(other, there), yg_type_text(type, here));
}

static bool new_param(yg_expander *x, const yg_scope *scope, const char *full,
                      const yg_param_spec *spec, const yg_type *type) {
    yg_flat *flat = x->flat;
    const yg_initializer *init = yg_expand_init(x, scope, spec->init);
    const char *what = yg_pool_format(x->pool, "parameter '%s'", spec->name);
    yg_node node;
    bool trainable;
    if (!what)
        return yg_fail_memory(x->error);
    if (!yg_expand_condition(x, scope, spec->trainable, "trainable", what, &trainable))
        return false;
    if (!init || !yg_initializer_fits(init, type, spec->init->origin, x->error))
        return false;
    if (yg_names_find(&flat->param_names, full) != YG_NOT_FOUND)
        return yg_fail(x->error, YG_ERROR_NAME, spec->origin, "there are two parameters '%s'",
                       full);
    /* Names of the model's own parameters were reserved before. */
    if (scope->prefix[0] != '\0') {
        if (yg_names_find(&x->taken, full) != YG_NOT_FOUND)
            return yg_fail(x->error, YG_ERROR_NAME, spec->origin,
                           "the parameter '%s' and a node of the model have the same name", full);
        if (!yg_names_add(&x->taken, x->pool, full))
            return yg_fail_memory(x->error);
    }
    yg_flat_param *grown =
        yg_pool_grow(x->pool, flat->params, flat->param_names.count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(x->error);
    flat->params = grown;
    yg_flat_param *param = &flat->params[flat->param_names.count];
    *param = (yg_flat_param){.origin = x->depth == 0 ? spec->origin : x->place,
                             .name = full,
                             .rank = type->rank,
                             .init = init,
                             .trainable = trainable && !scope->frozen && !spec->state,
                             .state = spec->state,
                             .dtype = spec->dtype};
    memcpy(param->shape, type->shape, sizeof param->shape);
    if (!spec->state &&
        __builtin_add_overflow(flat->elements, yg_type_count(type), &flat->elements))
        return yg_fail(x->error, YG_ERROR_ARGUMENT, spec->origin,
                       "the model has more than 9223372036854775807 parameters");
    yg_builder *trial = x->trial;
    while (trial->outer) /* a parameter is no part of a scan's body */
        trial = trial->outer;
    return yg_build_param(trial, param, &node) &&
           (yg_names_add(&flat->param_names, x->pool, full) || yg_fail_memory(x->error));
}

bool yg_expand_condition(yg_expander *x, const yg_scope *scope, const yg_expression *condition,
                         const char *key, const char *what, bool *holds) {
    yg_term term, value;
    char found[200];
    *holds = true;
    if (!condition)
        return true;
    const char *name = yg_pool_format(x->pool, "`%s` of %s", key, what);
    if (!name)
        return yg_fail_memory(x->error);
    if (!yg_expand_expression(x, scope, condition, &term) ||
        !yg_expand_fixed(x, &term, name, condition->origin, &value))
        return false;
    *holds = value.i != 0;
    return value.kind == YG_TERM_BOOL ||
           yg_fail(x->error, YG_ERROR_ARGUMENT, condition->origin,
                   "%s: true or false, the same in every graph, is expected, found %s", name,
                   yg_term_describe(x->trial->graph, &value, found, sizeof found));
}

/* The value of a state that the body updates, where the body uses it. */
static bool updated_state(yg_expander *x, const yg_scope *scope, const yg_param_spec *spec,
                          const char *full, yg_term *term) {
    if (x->scan)
        return yg_carry_state(x, yg_names_find(&x->flat->param_names, full), spec->origin, term);
    return !scope->shared || yg_expand_updated(x, scope, spec, full, term);
}

static bool expand_param(yg_expander *x, yg_scope *scope, const yg_param_spec *spec,
                         const yg_names *updated) {
    const char *full = yg_pool_format(x->pool, "%s%s%s", scope->parameter_prefix, spec->name,
                                      scope->parameter_suffix);
    yg_binding binding = {.term = {.kind = YG_TERM_ABSENT, .text = "its `if` is false"}};
    const char *what = yg_pool_format(x->pool, "parameter '%s'", spec->name);
    bool wanted;
    if (!full || !what)
        return yg_fail_memory(x->error);
    if (!yg_expand_condition(x, scope, spec->condition, "if", what, &wanted))
        return false;
    if (wanted) {
        yg_type type;
        if (!param_type(x, scope, spec, &type) ||
            !(scope->shared ? shared_param(x, full, spec, &type)
                            : new_param(x, scope, full, spec, &type)))
            return false;
        binding.term = (yg_term){
            .kind = YG_TERM_WRITTEN,
            .written = yg_expression_new(x->pool, YG_EXPRESSION_NAME, spec->origin, full)};
        if (!binding.term.written)
            return yg_fail_memory(x->error);
        if (spec->state && yg_names_find(updated, spec->name) != YG_NOT_FOUND &&
            !updated_state(x, scope, spec, full, &binding.term))
            return false;
    }
    return yg_scope_add(x, scope, spec->name, spec->origin, binding);
}

bool yg_expand_params(yg_expander *x, yg_scope *scope, const yg_body *body) {
    yg_names updated = {0};
    for (size_t i = 0; i < body->update_count; i++)
        if (!yg_names_add(&updated, x->pool, body->updates[i].name))
            return yg_fail_memory(x->error);
    for (size_t i = 0; i < body->param_count; i++)
        if (!expand_param(x, scope, &body->params[i], &updated))
            return false;
    return true;
}
