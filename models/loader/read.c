/*
 * Reads the small parts that sections are made of: names, expressions, shapes, initialisers,
 * parameters, outputs.
 */
#include "read.h"

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

const yg_init_spec *yg_read_init(yg_pool *pool, const yg_value *value, yg_error *error) {
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
                "`init`: a name such as zeros or a map such as {type: normal, std: 0.5} is "
                "expected, found %s",
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

static bool read_param(yg_model *model, const yg_value *key, const yg_value *value,
                       yg_param_spec *param, yg_error *error) {
    static const yg_key keys[] = {
        {"shape", true, NULL},
        {"init", true, NULL},
        {"trainable", false, NULL},
        {"if", false, NULL},
        {"dtype", false, "parameters have the network's float type"},
    };
    if (!yg_read_name(key, "a parameter", true, error))
        return false;
    const char *what = yg_pool_format(model->pool, "parameter `%s`", key->text);
    if (!what)
        return yg_fail_memory(error);
    if (!yg_value_check_keys(value, what, keys, sizeof keys / sizeof *keys, error))
        return false;
    *param = (yg_param_spec){.origin = key->origin, .name = key->text, .trainable = true};
    if (!yg_read_shape(model->pool, yg_value_get(value, "shape"), what, false, &param->shape,
                       error))
        return false;
    param->init = yg_read_init(model->pool, yg_value_get(value, "init"), error);
    if (!param->init)
        return false;
    const yg_value *trainable = yg_value_get(value, "trainable");
    if (trainable && !yg_value_bool(trainable, "`trainable`", &param->trainable, error))
        return false;
    const yg_value *condition = yg_value_get(value, "if");
    if (condition)
        param->condition = yg_read_expression(model->pool, condition, "`if`", error);
    return !condition || param->condition;
}

bool yg_read_params(yg_model *model, const yg_value *value, yg_body *body, yg_error *error) {
    if (!value)
        return true;
    if (!yg_value_is_mapping(value, "`params`", error))
        return false;
    body->params = yg_pool_take(model->pool, (value->count + 1) * sizeof *body->params);
    if (!body->params)
        return yg_fail_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        if (!read_param(model, value->keys[i], value->items[i], &body->params[i], error))
            return false;
        body->param_count++;
    }
    return true;
}
