/*
 * Reads the heads of layer types: arguments and inputs. They are read before any body, because a
 * layer node is checked against the head of its type.
 */
#include "definitions.h"
#include "read.h"

#include <math.h>
#include <string.h>

static const char *const kinds[] = {"int",  "float", "bool",  "choice", "op",
                                    "init", "ints",  "layer", NULL};

static bool read_limits(const yg_value *value, yg_argument_spec *argument, yg_error *error) {
    const yg_value *min = yg_value_get(value, "min");
    const yg_value *max = yg_value_get(value, "max");
    const bool numeric = argument->kind == YG_ARGUMENT_INT || argument->kind == YG_ARGUMENT_FLOAT ||
                         argument->kind == YG_ARGUMENT_INTS;
    if (!numeric && (min || max)) {
        return yg_fail(error, YG_ERROR_ARGUMENT, (min ? min : max)->origin,
                       "argument '%s': `min` and `max` are for int, float and ints",
                       argument->name);
    }
    if ((min && !yg_value_float(min, "`min`", 0, 0, &argument->min, error)) ||
        (max && !yg_value_float(max, "`max`", 0, 0, &argument->max, error)))
        return false;
    if (min && argument->min > argument->max) {
        return yg_fail(error, YG_ERROR_ARGUMENT, min->origin,
                       "argument '%s': `min` is greater than `max`", argument->name);
    }
    return true;
}

static bool read_choices(yg_model *model, const yg_value *value, yg_argument_spec *argument,
                         yg_error *error) {
    const yg_value *choices = yg_value_get(value, "choices");
    const bool wanted = argument->kind == YG_ARGUMENT_CHOICE;
    if (!wanted && !choices)
        return true;
    if (!wanted || !choices || choices->kind != YG_SEQUENCE || choices->count == 0) {
        return yg_fail(error, YG_ERROR_ARGUMENT, (choices ? choices : value)->origin,
                       wanted ? "argument '%s': a choice needs `choices`, a list of words"
                              : "argument '%s': `choices` are for `type: choice`",
                       argument->name);
    }
    argument->choices = yg_pool_take(model->pool, (choices->count + 1) * sizeof *argument->choices);
    if (!argument->choices)
        return yg_fail_memory(error);
    for (size_t i = 0; i < choices->count; i++)
        if (!yg_value_text(choices->items[i], "a word in `choices`", &argument->choices[i], error))
            return false;
    return true;
}

static bool read_argument(yg_model *model, const yg_value *key, const yg_value *value,
                          yg_argument_spec *argument, yg_error *error) {
    static const yg_key keys[] = {
        {"type", true, NULL}, {"default", false, NULL}, {"min", false, NULL},
        {"max", false, NULL}, {"choices", false, NULL}, {"doc", false, NULL},
    };
    static const char *const taken[] = {"type", "input", "repeat", "share"};
    if (!yg_read_name(key, "an argument", false, error))
        return false;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (strcmp(taken[i], key->text) == 0) {
            return yg_fail(error, YG_ERROR_NAME, key->origin,
                           "an argument cannot be called '%s': every layer node has that key",
                           key->text);
        }
    }
    *argument = (yg_argument_spec){
        .origin = key->origin, .name = key->text, .min = -HUGE_VAL, .max = HUGE_VAL};
    const char *what = yg_pool_format(model->pool, "argument `%s`", key->text);
    int kind;
    if (!what)
        return yg_fail_memory(error);
    if (value->kind == YG_SCALAR) {
        if (!yg_value_choice(value, what, kinds, &kind, error))
            return false;
        argument->kind = (yg_argument_kind)kind;
        return argument->kind != YG_ARGUMENT_CHOICE || read_choices(model, value, argument, error);
    }
    if (!yg_value_check_keys(value, what, keys, sizeof keys / sizeof *keys, error) ||
        !yg_value_choice(yg_value_get(value, "type"), "`type`", kinds, &kind, error))
        return false;
    argument->kind = (yg_argument_kind)kind;
    argument->fallback = yg_value_get(value, "default");
    if (argument->kind == YG_ARGUMENT_LAYER && argument->fallback) {
        return yg_fail(error, YG_ERROR_ARGUMENT, argument->fallback->origin,
                       "argument '%s': a layer has no default", argument->name);
    }
    return read_limits(value, argument, error) && read_choices(model, value, argument, error);
}

static bool read_head(yg_model *model, yg_definition *definition, yg_error *error) {
    static const yg_key keys[] = {
        {"doc", false, NULL},
        {"args", false, NULL},
        {"inputs", false, NULL},
        {"params", false, NULL},
        {"graph", true, NULL},
        {"outputs", true, NULL},
        {"state", false, "`state` is not available in this version"},
        {"update", false, "`update` is not available in this version"},
        {"scan", false, "`scan` is not available in this version"},
    };
    const yg_value *value = definition->value;
    const char *what = yg_pool_format(model->pool, "layer type `%s`", definition->name);
    if (!what)
        return yg_fail_memory(error);
    if (!yg_value_check_keys(value, what, keys, sizeof keys / sizeof *keys, error))
        return false;
    const char *doc;
    const yg_value *text = yg_value_get(value, "doc");
    const yg_value *arguments = yg_value_get(value, "args");
    const yg_value *inputs = yg_value_get(value, "inputs");
    if ((text && !yg_value_text(text, "`doc`", &doc, error)) ||
        (arguments && !yg_value_is_mapping(arguments, "`args`", error)) ||
        (inputs && !yg_value_is_mapping(inputs, "`inputs`", error)))
        return false;
    const size_t argument_count = arguments ? arguments->count : 0;
    const size_t input_count = inputs ? inputs->count : 0;
    definition->arguments =
        yg_pool_take(model->pool, (argument_count + 1) * sizeof *definition->arguments);
    definition->inputs = yg_pool_take(model->pool, (input_count + 1) * sizeof *definition->inputs);
    if (!definition->arguments || !definition->inputs)
        return yg_fail_memory(error);
    for (size_t i = 0; i < argument_count; i++) {
        if (!read_argument(model, arguments->keys[i], arguments->items[i],
                           &definition->arguments[i], error))
            return false;
        definition->argument_count++;
    }
    for (size_t i = 0; i < input_count; i++) {
        yg_input_spec *input = &definition->inputs[i];
        *input = (yg_input_spec){.origin = inputs->keys[i]->origin, .name = inputs->keys[i]->text};
        if (!yg_read_name(inputs->keys[i], "an input", false, error) ||
            !yg_read_shape(model->pool, inputs->items[i], "`inputs`", true, &input->shape, error))
            return false;
        definition->input_count++;
    }
    return true;
}

bool yg_read_definitions(yg_model *model, const yg_value *value, yg_library *library,
                         yg_error *error) {
    if (!value)
        return true;
    if (!yg_value_is_mapping(value, "`define`", error))
        return false;
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *key = value->keys[i];
        if (!yg_read_name(key, "a layer type", false, error))
            return false;
        if (yg_names_find(&library->names, key->text) != YG_NOT_FOUND) {
            return yg_fail(error, YG_ERROR_NAME, key->origin,
                           "layer type '%s' is already included; write `as:` there for a prefix",
                           key->text);
        }
        yg_definition *definition = yg_pool_take(model->pool, sizeof *definition);
        yg_definition **all =
            yg_pool_grow(model->pool, model->definitions, model->definition_count, sizeof *all);
        yg_definition **own =
            yg_pool_grow(model->pool, library->definitions, library->names.count, sizeof *own);
        if (!definition || !all || !own)
            return yg_fail_memory(error);
        *definition = (yg_definition){
            .origin = key->origin, .name = key->text, .value = value->items[i], .library = library};
        library->definitions = own;
        library->definitions[library->names.count] = definition;
        if (!yg_names_add(&library->names, model->pool, key->text))
            return yg_fail_memory(error);
        model->definitions = all;
        model->definitions[model->definition_count++] = definition;
        if (!read_head(model, definition, error))
            return false;
    }
    return true;
}
