/*
 * Reads the small parts that sections are made of: names, expressions, shapes, initialisers,
 * parameters, outputs.
 */
#include "read.h"

#include "../../graph/number.h"
#include "key_tables.h"
#include "term.h"

#include <string.h>

bool yg_read_name(const yg_value *key, const char *what, bool dots, yg_error *error) {
    if (!yg_is_name(key->text, dots)) {
        return yg_fail(error, YG_ERROR_NAME, key->origin,
                       "'%s' cannot be the name of %s: letters, digits and '_', no digit first%s",
                       key->text, what, dots ? ", parts joined by '.'" : "");
    }
    return !yg_is_word(key->text) ||
           yg_fail(error, YG_ERROR_NAME, key->origin,
                   "'%s' is a word of the language and cannot be the name of %s", key->text, what);
}

bool yg_read_format(const yg_value *root, yg_error *error) {
    int64_t version;
    const yg_value *value = yg_value_get(root, "format");
    if (!value) {
        return yg_fail(error, YG_ERROR_ARGUMENT, root->origin,
                       "the key 'format' is missing; begin with the line `format: %d`",
                       YG_FORMAT_VERSION);
    }
    if (!yg_value_int(value, "`format`", 1, INT64_MAX, &version, error))
        return false;
    return version == YG_FORMAT_VERSION ||
           yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                   "format %lld is not known to this version of yamlgrad, which reads format %d",
                   (long long)version, YG_FORMAT_VERSION);
}

static yg_expression *list_expression(yg_pool *pool, const yg_value *value, const char *what,
                                      yg_error *error) {
    yg_expression *list = yg_pool_take(pool, sizeof *list);
    yg_expression **children = yg_pool_take(pool, (value->count + 1) * sizeof *children);
    if (!list || !children) {
        yg_fail_memory(error);
        return NULL;
    }
    for (size_t i = 0; i < value->count; i++) {
        children[i] = (yg_expression *)yg_read_expression(pool, value->items[i], what, error);
        if (!children[i])
            return NULL;
    }
    *list = (yg_expression){.kind = YG_EXPRESSION_LIST,
                            .origin = value->origin,
                            .text = "",
                            .count = value->count,
                            .children = children};
    return list;
}

const yg_expression *yg_read_expression(yg_pool *pool, const yg_value *value, const char *what,
                                        yg_error *error) {
    if (value->kind == YG_SEQUENCE)
        return list_expression(pool, value, what, error);
    if (value->kind == YG_MAPPING) {
        char found[120];
        yg_fail(error, YG_ERROR_SYNTAX, value->origin, "%s: an expression is expected, found %s",
                what, yg_value_describe(value, found, sizeof found));
        return NULL;
    }
    return yg_expression_parse(pool, value->source, value->origin, error);
}

bool yg_read_shape(yg_pool *pool, const yg_value *value, const char *what, bool ellipsis,
                   yg_shape_spec *shape, yg_error *error) {
    char found[120];
    if (value->kind != YG_SEQUENCE) {
        return yg_fail(error, YG_ERROR_SHAPE, value->origin,
                       "%s: a shape such as [B, 2] is expected, found %s", what,
                       yg_value_describe(value, found, sizeof found));
    }
    *shape = (yg_shape_spec){.origin = value->origin, .count = value->count};
    shape->dims = yg_pool_take(pool, (value->count + 1) * sizeof *shape->dims);
    if (!shape->dims)
        return yg_fail_memory(error);
    size_t ellipses = 0;
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *item = value->items[i];
        if (item->kind == YG_SCALAR && strcmp(item->text, "...") == 0) {
            if (!ellipsis || ++ellipses > 1) {
                return yg_fail(error, YG_ERROR_SHAPE, item->origin,
                               ellipsis ? "%s: '...' may stand once in a shape"
                                        : "%s: '...' stands only in the inputs of layer types; "
                                          "here each dimension is written",
                               what);
            }
            continue;
        }
        if (item->kind != YG_SCALAR) {
            return yg_fail(error, YG_ERROR_SHAPE, item->origin,
                           "%s: a dimension is a number, a name or a formula, found %s", what,
                           yg_value_describe(item, found, sizeof found));
        }
        shape->dims[i] = yg_read_expression(pool, item, what, error);
        if (!shape->dims[i])
            return false;
    }
    if (shape->count - ellipses > YG_MAX_RANK) {
        return yg_fail(error, YG_ERROR_SHAPE, value->origin,
                       "%s: %zu dimensions, at most %d are possible", what, shape->count,
                       YG_MAX_RANK);
    }
    return true;
}

const yg_init_spec *yg_init_of_list(yg_pool *pool, const yg_expression *list, yg_origin origin,
                                    yg_error *error) {
    yg_init_spec *init = list ? yg_pool_take(pool, sizeof *init) : NULL;
    const char **keys = yg_pool_take(pool, sizeof *keys);
    const yg_expression **values = yg_pool_take(pool, sizeof *values);
    yg_origin *origins = yg_pool_take(pool, sizeof *origins);
    if (!init || !keys || !values || !origins) {
        if (list)
            yg_fail_memory(error);
        return NULL;
    }
    keys[0] = "values";
    values[0] = list;
    origins[0] = origin;
    *init = (yg_init_spec){.origin = origin,
                           .type = "list",
                           .count = 1,
                           .keys = keys,
                           .key_origins = origins,
                           .values = values};
    return init;
}

const yg_init_spec *yg_read_init(yg_pool *pool, const yg_value *value, yg_error *error) {
    if (value->kind == YG_SEQUENCE)
        return yg_init_of_list(pool, yg_read_expression(pool, value, "`init`", error),
                               value->origin, error);
    yg_init_spec *init = yg_pool_take(pool, sizeof *init);
    if (!init) {
        yg_fail_memory(error);
        return NULL;
    }
    init->origin = value->origin;
    if (value->kind == YG_SCALAR) {
        init->type = value->text;
        return init;
    }
    char found[120];
    const yg_value *type = value->kind == YG_MAPPING ? yg_value_get(value, "type") : NULL;
    if (!type) {
        yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                "`init`: a name such as zeros, a map such as {type: normal, std: 0.5} or a list "
                "of numbers is expected, found %s",
                value->kind == YG_MAPPING ? "a mapping without `type`"
                                          : yg_value_describe(value, found, sizeof found));
        return NULL;
    }
    if (!yg_value_text(type, "`type` of `init`", &init->type, error))
        return NULL;
    init->origin = type->origin;
    init->keys = yg_pool_take(pool, value->count * sizeof *init->keys);
    init->values = yg_pool_take(pool, value->count * sizeof *init->values);
    yg_origin *origins = yg_pool_take(pool, value->count * sizeof *origins);
    if (!init->keys || !init->values || !origins) {
        yg_fail_memory(error);
        return NULL;
    }
    init->key_origins = origins;
    for (size_t i = 0; i < value->count; i++) {
        if (value->items[i] == type)
            continue;
        const size_t k = init->count++;
        init->keys[k] = value->keys[i]->text;
        origins[k] = value->keys[i]->origin;
        init->values[k] = yg_read_expression(pool, value->items[i], init->keys[k], error);
        if (!init->values[k])
            return NULL;
    }
    return init;
}

bool yg_is_formula(const yg_value *value) {
    double number;
    return value && value->kind == YG_SCALAR && !value->quoted && value->text[0] != '\0' &&
           yg_number_parse(value->text, strlen(value->text), &number) == YG_NUMBER_NOT;
}

/* YAML's other words for true and false are refused, unless something could have such a name. */
const yg_expression *yg_read_truth(yg_pool *pool, const yg_value *value, const char *what,
                                   yg_error *error) {
    static const char *const words[] = {"yes", "no", "on", "off"};
    bool ignored;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (value->kind == YG_SCALAR && strcmp(value->text, words[i]) == 0) {
            yg_value_bool(value, what, &ignored, error);
            return NULL;
        }
    return yg_read_expression(pool, value, what, error);
}

/* Reads `dtype:` of a state. Whole numbers are exact in it, where a float would round. */
static bool read_dtype(const yg_value *value, yg_dtype *dtype, yg_error *error) {
    static const char *const names[] = {"f32", "f64", "i32", "i64", "bool", NULL};
    static const yg_dtype dtypes[] = {YG_F32, YG_F64, YG_I32, YG_I64, YG_BOOL};
    int index;
    if (!value)
        return true;
    if (!yg_value_choice(value, "`dtype`", names, &index, error))
        return false;
    *dtype = dtypes[index];
    return true;
}

static const yg_key param_keys[] = {
    {"shape", true, NULL, "shape"},
    {"init", true, NULL, "initializer"},
    {"trainable", false, NULL, "truth"},
    {"if", false, NULL, "truth"},
    {"dtype", false, "parameters have the network's float type", NULL},
};

const yg_key_table yg_param_keys = {param_keys, sizeof param_keys / sizeof *param_keys};

static const yg_key state_keys[] = {
    {"shape", true, NULL, "shape"},
    {"init", true, NULL, "initializer"},
    {"dtype", false, NULL, "dtype"},
    {"if", false, NULL, "truth"},
    {"trainable", false, "state is never trained; `update` changes it", NULL},
};

const yg_key_table yg_state_keys = {state_keys, sizeof state_keys / sizeof *state_keys};

static bool read_param(yg_model *model, const yg_value *key, const yg_value *value, bool state,
                       yg_param_spec *param, yg_error *error) {
    if (!yg_read_name(key, state ? "a state" : "a parameter", true, error))
        return false;
    const char *what =
        yg_pool_format(model->pool, state ? "state `%s`" : "parameter `%s`", key->text);
    if (!what)
        return yg_fail_memory(error);
    if (!yg_value_check_keys(value, what, state ? yg_state_keys.keys : yg_param_keys.keys,
                             state ? yg_state_keys.count : yg_param_keys.count, error))
        return false;
    *param =
        (yg_param_spec){.origin = key->origin, .name = key->text, .state = state, .dtype = YG_F32};
    model->dotted = model->dotted || strchr(key->text, '.');
    if (!yg_read_shape(model->pool, yg_value_get(value, "shape"), what, false, &param->shape,
                       error) ||
        !read_dtype(yg_value_get(value, "dtype"), &param->dtype, error))
        return false;
    param->init = yg_read_init(model->pool, yg_value_get(value, "init"), error);
    if (!param->init)
        return false;
    const yg_value *trainable = yg_value_get(value, "trainable");
    if (trainable)
        param->trainable = yg_read_truth(model->pool, trainable, "`trainable`", error);
    if (trainable && !param->trainable)
        return false;
    const yg_value *condition = yg_value_get(value, "if");
    if (condition)
        param->condition = yg_read_expression(model->pool, condition, "`if`", error);
    return !condition || param->condition;
}

static bool read_param_section(yg_model *model, const yg_value *value, bool state, yg_body *body,
                               yg_error *error) {
    for (size_t i = 0; value && i < value->count; i++) {
        if (!read_param(model, value->keys[i], value->items[i], state,
                        &body->params[body->param_count], error))
            return false;
        body->param_count++;
    }
    return true;
}

/* Names of parameters and states, to find those of `update:` in. */
typedef struct declared {
    yg_names all, states;
} declared;

static bool list_declared(const yg_body *body, yg_pool *pool, declared *names) {
    for (size_t i = 0; i < body->param_count; i++) {
        const char *name = body->params[i].name;
        /* One that is declared twice is refused later. */
        if (yg_names_find(&names->all, name) != YG_NOT_FOUND)
            continue;
        if (!yg_names_add(&names->all, pool, name) ||
            (body->params[i].state && !yg_names_add(&names->states, pool, name)))
            return false;
    }
    return true;
}

/* Fails unless an entry of `update:` has the name of a state. */
static bool check_update(const declared *names, const yg_value *key, yg_error *error) {
    char hint[300];
    if (yg_names_find(&names->states, key->text) != YG_NOT_FOUND)
        return true;
    if (yg_names_find(&names->all, key->text) != YG_NOT_FOUND)
        return yg_fail(error, YG_ERROR_NAME, key->origin,
                       "`update`: '%s' is a parameter, which the optimizer changes; only what "
                       "`state` declares can be updated",
                       key->text);
    return yg_fail(
        error, YG_ERROR_NAME, key->origin, "`update`: there is no state '%s'%s", key->text,
        names->states.count == 0 ? "; `state` declares none"
                                 : yg_names_suggest(&names->states, key->text, hint, sizeof hint));
}

static bool read_updates(yg_model *model, const yg_value *value, yg_body *body, yg_error *error) {
    declared names = {0};
    if (!value)
        return true;
    if (!yg_value_is_mapping(value, "`update`", error))
        return false;
    body->updates = yg_pool_take(model->pool, (value->count + 1) * sizeof *body->updates);
    if (!body->updates || !list_declared(body, model->pool, &names))
        return yg_fail_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        yg_update_spec *update = &body->updates[i];
        *update = (yg_update_spec){.origin = value->keys[i]->origin, .name = value->keys[i]->text};
        if (!check_update(&names, value->keys[i], error))
            return false;
        update->value = yg_read_expression(model->pool, value->items[i], update->name, error);
        if (!update->value)
            return false;
        body->update_count++;
    }
    return true;
}

bool yg_read_params(yg_model *model, const yg_value *sections, yg_body *body, yg_error *error) {
    const yg_value *params = yg_value_get(sections, "params");
    const yg_value *state = yg_value_get(sections, "state");
    if ((params && !yg_value_is_mapping(params, "`params`", error)) ||
        (state && !yg_value_is_mapping(state, "`state`", error)))
        return false;
    const size_t count = (params ? params->count : 0) + (state ? state->count : 0);
    body->params = yg_pool_take(model->pool, (count + 1) * sizeof *body->params);
    if (!body->params)
        return yg_fail_memory(error);
    return read_param_section(model, params, false, body, error) &&
           read_param_section(model, state, true, body, error) &&
           read_updates(model, yg_value_get(sections, "update"), body, error);
}
