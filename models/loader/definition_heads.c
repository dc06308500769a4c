/*
 * Reads the heads of layer types: arguments and inputs. They are read before any body, because a
 * layer node is checked against the head of its type. An entry with `rate:` is a schedule: it has
 * arguments and that formula, and is read here to its end.
 */
#include "definitions.h"
#include "key_tables.h"
#include "node_keys.h"
#include "read.h"

#include <math.h>
#include <string.h>

static const char *const kinds[] = {"int",  "float", "bool",  "choice", "op",
                                    "init", "ints",  "layer", "floats", NULL};
/* Those of a schedule, and which kind each one is. */
static const char *const schedule_kinds[] = {"int",  "float",  "bool", "choice",
                                             "ints", "floats", NULL};
static const yg_argument_kind of_schedules[] = {YG_ARGUMENT_INT,  YG_ARGUMENT_FLOAT,
                                                YG_ARGUMENT_BOOL, YG_ARGUMENT_CHOICE,
                                                YG_ARGUMENT_INTS, YG_ARGUMENT_FLOATS};

static bool read_limits(const yg_value *value, yg_argument_spec *argument, yg_error *error) {
    const yg_value *min = yg_value_get(value, "min");
    const yg_value *max = yg_value_get(value, "max");
    const bool numeric = argument->kind == YG_ARGUMENT_INT || argument->kind == YG_ARGUMENT_FLOAT ||
                         argument->kind == YG_ARGUMENT_INTS || argument->kind == YG_ARGUMENT_FLOATS;
    if (!numeric && (min || max)) {
        return yg_fail(error, YG_ERROR_ARGUMENT, (min ? min : max)->origin,
                       "argument '%s': `min` and `max` are for int, float, ints and floats",
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
    const bool possible = wanted || argument->kind == YG_ARGUMENT_INTS;
    if (!wanted && !choices)
        return true;
    if (!possible || !choices || choices->kind != YG_SEQUENCE || choices->count == 0) {
        return yg_fail(error, YG_ERROR_ARGUMENT, (choices ? choices : value)->origin,
                       wanted     ? "argument '%s': a choice needs `choices`, a list of words"
                       : possible ? "argument '%s': `choices` are a list of words"
                                  : "argument '%s': `choices` are for `type: choice` and "
                                    "`type: ints`",
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

/* `optional: true`. An argument with a default always has a value, so it cannot be absent too. */
static bool read_optional(const yg_value *value, yg_argument_spec *argument, yg_error *error) {
    const yg_value *optional = yg_value_get(value, "optional");
    if (optional && !yg_value_bool(optional, "`optional`", &argument->optional, error))
        return false;
    return !argument->optional || !argument->fallback ||
           yg_fail(error, YG_ERROR_ARGUMENT, optional->origin,
                   "argument '%s': `optional` and `default` exclude each other", argument->name);
}

static bool read_count(const yg_value *value, yg_argument_spec *argument, yg_error *error) {
    const yg_value *count = yg_value_get(value, "count");
    if (!count)
        return true;
    if (argument->kind != YG_ARGUMENT_INTS && argument->kind != YG_ARGUMENT_FLOATS)
        return yg_fail(error, YG_ERROR_ARGUMENT, count->origin,
                       "argument '%s': `count` is for `type: ints` and `type: floats`",
                       argument->name);
    return yg_value_int(count, "`count`", 1, YG_MAX_RANK, &argument->count, error);
}

/* Refuses an argument with the name of a key that every layer node, or every schedule, has. In a
 * schedule, these are also the numbers that its formula is given. */
static bool check_argument_name(const yg_value *key, bool schedule, yg_error *error) {
    static const char *const of_schedule[] = {"type",  "warmup_steps", "lr",      "step", "steps",
                                              "epoch", "epochs",       "formula", NULL};
    if (!yg_read_name(key, "an argument", false, error))
        return false;
    for (const char *const *taken = schedule ? of_schedule : yg_node_keys; *taken; taken++)
        if (strcmp(*taken, key->text) == 0)
            return yg_fail(error, YG_ERROR_NAME, key->origin,
                           schedule ? "an argument cannot be called '%s': every schedule has that"
                                    : "an argument cannot be called '%s': every layer node has "
                                      "that key",
                           key->text);
    return true;
}

static const yg_key argument_keys[] = {
    {"type", true, NULL, "argument_kind"}, {"default", false, NULL, NULL},
    {"optional", false, NULL, "truth"},    {"min", false, NULL, "number"},
    {"max", false, NULL, "number"},        {"choices", false, NULL, "list"},
    {"count", false, NULL, "whole"},       {"doc", false, NULL, "text"},
    {"example", false, NULL, NULL},
};

const yg_key_table yg_argument_keys = {argument_keys, sizeof argument_keys / sizeof *argument_keys};

static bool read_argument(yg_model *model, const yg_value *key, const yg_value *value,
                          bool schedule, yg_argument_spec *argument, yg_error *error) {
    const char *const *known = schedule ? schedule_kinds : kinds;
    if (!check_argument_name(key, schedule, error))
        return false;
    *argument = (yg_argument_spec){
        .origin = key->origin, .name = key->text, .min = -HUGE_VAL, .max = HUGE_VAL};
    const char *what = yg_pool_format(model->pool, "argument `%s`", key->text);
    int kind;
    if (!what)
        return yg_fail_memory(error);
    if (value->kind == YG_SCALAR) {
        if (!yg_value_choice(value, what, known, &kind, error))
            return false;
        argument->kind = schedule ? of_schedules[kind] : (yg_argument_kind)kind;
        return argument->kind != YG_ARGUMENT_CHOICE || read_choices(model, value, argument, error);
    }
    if (!yg_value_check_keys(value, what, yg_argument_keys.keys, yg_argument_keys.count, error) ||
        !yg_value_choice(yg_value_get(value, "type"), "`type`", known, &kind, error))
        return false;
    argument->kind = schedule ? of_schedules[kind] : (yg_argument_kind)kind;
    argument->fallback = yg_value_get(value, "default");
    if (argument->kind == YG_ARGUMENT_LAYER && argument->fallback) {
        return yg_fail(error, YG_ERROR_ARGUMENT, argument->fallback->origin,
                       "argument '%s': a layer has no default", argument->name);
    }
    return read_optional(value, argument, error) && read_limits(value, argument, error) &&
           read_count(value, argument, error) && read_choices(model, value, argument, error);
}

static bool read_arguments(yg_model *model, const yg_value *value, bool schedule,
                           yg_definition *definition, yg_error *error) {
    if (value && !yg_value_is_mapping(value, "`args`", error))
        return false;
    const size_t count = value ? value->count : 0;
    definition->arguments = yg_pool_take(model->pool, (count + 1) * sizeof *definition->arguments);
    if (!definition->arguments)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        if (!read_argument(model, value->keys[i], value->items[i], schedule,
                           &definition->arguments[i], error))
            return false;
        definition->argument_count++;
    }
    return true;
}

static const yg_key pattern_keys[] = {{"shape", true, NULL, "shape"},
                                      {"optional", false, NULL, "truth"}};

const yg_key_table yg_pattern_keys = {pattern_keys, sizeof pattern_keys / sizeof *pattern_keys};

/* Reads `x: [..., features]` or `x: {shape: [..., features], optional: true}`. */
static bool read_input(yg_model *model, const yg_value *key, const yg_value *value,
                       yg_input_spec *input, yg_error *error) {
    *input = (yg_input_spec){.origin = key->origin, .name = key->text};
    if (!yg_read_name(key, "an input", false, error))
        return false;
    if (value->kind == YG_MAPPING) {
        if (!yg_value_check_keys(value, "an input", yg_pattern_keys.keys, yg_pattern_keys.count,
                                 error))
            return false;
        const yg_value *optional = yg_value_get(value, "optional");
        if (optional && !yg_value_bool(optional, "`optional`", &input->optional, error))
            return false;
        value = yg_value_get(value, "shape");
    }
    return yg_read_shape(model->pool, value, "`inputs`", true, &input->shape, error);
}

static bool read_inputs(yg_model *model, const yg_value *value, yg_definition *definition,
                        yg_error *error) {
    if (value && !yg_value_is_mapping(value, "`inputs`", error))
        return false;
    const size_t count = value ? value->count : 0;
    definition->inputs = yg_pool_take(model->pool, (count + 1) * sizeof *definition->inputs);
    if (!definition->inputs)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        if (!read_input(model, value->keys[i], value->items[i], &definition->inputs[i], error))
            return false;
        if (i > 0 && definition->inputs[i - 1].optional && !definition->inputs[i].optional)
            return yg_fail(error, YG_ERROR_ARGUMENT, value->keys[i]->origin,
                           "input '%s': inputs that are not optional come before those that are",
                           definition->inputs[i].name);
        definition->input_count++;
    }
    return true;
}

/* `where:`, formulas that later ones and the rate may name. */
static bool read_terms(yg_model *model, const yg_value *value, yg_definition *definition,
                       yg_error *error) {
    if (value && !yg_value_is_mapping(value, "`where`", error))
        return false;
    const size_t count = value ? value->count : 0;
    definition->terms = yg_pool_take(model->pool, (count + 1) * sizeof *definition->terms);
    if (!definition->terms)
        return yg_fail_memory(error);
    for (; definition->term_count < count; definition->term_count++) {
        const size_t i = definition->term_count;
        const char *what = yg_pool_format(model->pool, "`%s`", value->keys[i]->text);
        yg_var *term = &definition->terms[i];
        if (!what)
            return yg_fail_memory(error);
        if (!check_argument_name(value->keys[i], true, error))
            return false;
        *term = (yg_var){.origin = value->keys[i]->origin, .name = value->keys[i]->text};
        if (!(term->value = yg_read_expression(model->pool, value->items[i], what, error)))
            return false;
    }
    return true;
}

static const yg_key schedule_type_keys[] = {
    {"doc", false, NULL, "text"},
    {"args", false, NULL, "arguments"},
    {"where", false, NULL, "expressions"},
    {"rate", true, NULL, "expression"},
    {"graph", false, "`rate` makes it a schedule; a layer type has `graph` and no `rate`", NULL},
    {"inputs", false, "`rate` makes it a schedule; a layer type has `inputs` and no `rate`", NULL},
};

const yg_key_table yg_schedule_type_keys = {schedule_type_keys,
                                            sizeof schedule_type_keys / sizeof *schedule_type_keys};

static bool read_schedule(yg_model *model, yg_definition *definition, yg_error *error) {
    const yg_value *value = definition->value;
    const char *what = yg_pool_format(model->pool, "schedule `%s`", definition->name);
    const char *doc;
    const yg_value *text = yg_value_get(value, "doc");
    if (!what)
        return yg_fail_memory(error);
    if (!yg_value_check_keys(value, what, yg_schedule_type_keys.keys, yg_schedule_type_keys.count,
                             error) ||
        (text && !yg_value_text(text, "`doc`", &doc, error)) ||
        !read_arguments(model, yg_value_get(value, "args"), true, definition, error) ||
        !read_terms(model, yg_value_get(value, "where"), definition, error))
        return false;
    definition->rate =
        yg_read_expression(model->pool, yg_value_get(value, "rate"), "`rate`", error);
    return definition->rate != NULL;
}

static const yg_key layer_type_keys[] = {
    {"doc", false, NULL, "text"},
    {"example", false, NULL,
     "text"}, /* a model that uses it, for its page: a text, not read here */
    {"args", false, NULL, "arguments"},
    {"inputs", false, NULL, "patterns"},
    {"params", false, NULL, "params"},
    {"graph", true, NULL, "graph"},
    {"outputs", true, NULL, "named"},
    {"losses", false, NULL, "expressions"},
    {"loss", false, "a layer type names its terms of the loss: losses: {kl: …}", NULL},
    {"rate", false, NULL, "expression"}, /* here for hints only: an entry with it is a schedule */
    {"state", false, NULL, "state"},
    {"update", false, NULL, "expressions"},
    {"scan", false, "a scan is a node of `graph`: {y: {scan: {x_t: x}, …}}", NULL},
};

const yg_key_table yg_layer_type_keys = {layer_type_keys,
                                         sizeof layer_type_keys / sizeof *layer_type_keys};

static bool read_head(yg_model *model, yg_definition *definition, yg_error *error) {
    const yg_value *value = definition->value;
    const char *what = yg_pool_format(model->pool, "layer type `%s`", definition->name);
    const char *doc, *example;
    if (!what)
        return yg_fail_memory(error);
    if (!yg_value_check_keys(value, what, yg_layer_type_keys.keys, yg_layer_type_keys.count, error))
        return false;
    const yg_value *text = yg_value_get(value, "doc"), *shown = yg_value_get(value, "example");
    return (!text || yg_value_text(text, "`doc`", &doc, error)) &&
           (!shown || yg_value_text(shown, "`example`", &example, error)) &&
           read_arguments(model, yg_value_get(value, "args"), false, definition, error) &&
           read_inputs(model, yg_value_get(value, "inputs"), definition, error);
}

bool yg_read_definitions(yg_model *model, const yg_value *value, yg_library *library,
                         yg_error *error) {
    if (!value)
        return true;
    if (!yg_value_is_mapping(value, "`define`", error))
        return false;
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *key = value->keys[i];
        const bool schedule =
            value->items[i]->kind == YG_MAPPING && yg_value_get(value->items[i], "rate") != NULL;
        if (!yg_read_name(key, schedule ? "a schedule" : "a layer type", false, error))
            return false;
        if (yg_names_find(&library->names, key->text) != YG_NOT_FOUND) {
            return yg_fail(error, YG_ERROR_NAME, key->origin,
                           "%s '%s' is already included; write `as:` there for a prefix",
                           schedule ? "schedule" : "layer type", key->text);
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
        if (!(schedule ? read_schedule : read_head)(model, definition, error))
            return false;
    }
    return true;
}
