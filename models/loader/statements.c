/*
 * Reads `graph:`. Each entry is an expression, a layer node or a scan node.
 */
#include "statements.h"

#include "../../graph/spelling.h"
#include "foreign.h"
#include "library.h"
#include "node_keys.h"
#include "read.h"
#include "scan_head.h"

#include <string.h>

/* Reads the names on the left of an entry: "q, k, v". */
static bool read_names(yg_model *model, const yg_value *key, yg_statement *statement,
                       yg_error *error) {
    const char *text = key->text;
    size_t count = 1;
    for (const char *c = text; *c != '\0'; c++)
        count += *c == ',';
    statement->names = yg_pool_take(model->pool, count * sizeof *statement->names);
    if (!statement->names)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        text += strspn(text, " \t");
        const size_t span = strcspn(text, ",");
        size_t length = span;
        while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
            length--;
        yg_value name = *key;
        name.origin.column += (int32_t)(text - key->text);
        name.text = yg_pool_copy(model->pool, text, length);
        if (!name.text)
            return yg_fail_memory(error);
        if (!yg_read_name(&name, "a node", true, error))
            return false;
        statement->names[i] = name.text;
        model->dotted = model->dotted || strchr(name.text, '.');
        text += span + (text[span] == ',');
    }
    statement->name_count = count;
    return true;
}

static bool read_one_input(yg_model *model, const yg_value *name, const yg_value *value,
                           yg_input_use *input, yg_error *error) {
    *input = (yg_input_use){.origin = value->origin, .name = name ? name->text : NULL};
    input->value = yg_read_expression(model->pool, value, "`input`", error);
    return input->value != NULL;
}

/* `input: x`, `input: [a, b]` or `input: {query: q, key: k}`. */
static bool read_inputs(yg_model *model, const yg_value *value, yg_layer_use *use,
                        yg_error *error) {
    if (!value) {
        use->input_above = true;
        return true;
    }
    const size_t count = value->kind == YG_SCALAR ? 1 : value->count;
    use->inputs = yg_pool_take(model->pool, (count + 1) * sizeof *use->inputs);
    if (!use->inputs)
        return yg_fail_memory(error);
    use->input_count = count;
    for (size_t i = 0; i < count; i++) {
        const yg_value *name = value->kind == YG_MAPPING ? value->keys[i] : NULL;
        const yg_value *item = value->kind == YG_SCALAR ? value : value->items[i];
        if (!read_one_input(model, name, item, &use->inputs[i], error))
            return false;
    }
    return true;
}

static bool read_repeat(yg_model *model, const yg_value *value, yg_layer_use *use,
                        yg_error *error) {
    if (!value)
        return true;
    if (value->kind == YG_MAPPING) {
        if (value->count != 1) {
            return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                           "`repeat`: a count, or one name and its list, as {width: [16, 8]}; "
                           "found %zu entries",
                           value->count);
        }
        if (!yg_read_name(value->keys[0], "what `repeat` runs through", false, error))
            return false;
        use->repeat_name = value->keys[0]->text;
        value = value->items[0];
    } else if (value->kind == YG_SEQUENCE) {
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`repeat`: a list needs a name for its items: {width: [16, 8]}");
    }
    use->repeat = yg_read_expression(model->pool, value, "`repeat`", error);
    return use->repeat != NULL;
}

/* `names: "{name}_l{layer}"`: what parameters are called in the body around the node. */
static bool read_parameter_names(yg_model *model, const yg_value *value, yg_layer_use *use,
                                 yg_error *error) {
    if (!value)
        return true;
    use->names_origin = value->origin;
    if (!yg_value_text(value, "`names`", &use->names, error))
        return false;
    model->dotted = model->dotted || strchr(use->names, '.');
    const char *name = strstr(use->names, "{name}");
    if (!name || strstr(name + 1, "{name}"))
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`names`: a text with one {name} in it is expected, such as "
                       "\"{name}_l{layer}\", found '%s'",
                       use->names);
    return !use->share || yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                                  "`names` cannot stand beside `share`, which uses parameters "
                                  "that have their names");
}

static bool read_trainable(yg_model *model, const yg_value *value, yg_layer_use *use,
                           yg_error *error) {
    if (!value)
        return true;
    use->trainable = yg_read_truth(model->pool, value, "`trainable`", error);
    return use->trainable &&
           (!use->share ||
            yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                    "`trainable` cannot stand beside `share`: the node that owns the "
                    "parameters says whether they are trained"));
}

static bool read_condition(yg_model *model, const yg_value *value, yg_layer_use *use,
                           yg_error *error) {
    use->condition = value ? yg_read_expression(model->pool, value, "`if`", error) : NULL;
    return !value || use->condition;
}

/* Reads a layer node. `nested`: it is an argument of kind layer, which has no `input:` or `share:`.
 */
static const yg_layer_use *read_layer_use(yg_model *model, const yg_value *value,
                                          const yg_library *library,
                                          const yg_definition *definition, bool nested,
                                          yg_error *error);

static bool read_layers_in_a_row(yg_model *model, const yg_value *value, const yg_library *library,
                                 const yg_definition *definition, yg_argument *argument,
                                 yg_error *error) {
    const bool list = value->kind == YG_SEQUENCE;
    const size_t count = list ? value->count : 1;
    /* A name alone passes on an argument of kind layer. */
    if (value->kind == YG_SCALAR)
        return true;
    argument->layers = yg_pool_take(model->pool, (count + 1) * sizeof *argument->layers);
    if (!argument->layers)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        argument->layers[i] =
            read_layer_use(model, list ? value->items[i] : value, library, definition, true, error);
        if (!argument->layers[i])
            return false;
    }
    argument->layer_count = count;
    return true;
}

/* Fails for an input that is written beside `input`, as if it were an argument. */
static bool input_as_argument(const yg_value *key, const yg_definition *type, yg_error *error) {
    const char *first = type->inputs[0].name;
    const bool alone = strcmp(first, key->text) == 0;
    return yg_fail(error, YG_ERROR_ARGUMENT, key->origin,
                   "'%s' is no argument of layer type '%s' but an input: `input: {%s%s%s: …}`",
                   key->text, type->name, alone ? "" : first, alone ? "" : ": …, ", key->text);
}

static bool unknown_argument(yg_model *model, const yg_value *key, const yg_definition *type,
                             yg_error *error) {
    for (size_t i = 0; i < type->input_count; i++)
        if (strcmp(type->inputs[i].name, key->text) == 0)
            return input_as_argument(key, type, error);
    const char *const *own = yg_node_keys + 1; /* without `type` */
    size_t count = type->argument_count;
    for (size_t i = 0; own[i]; i++)
        count++;
    const char **known = yg_pool_take(model->pool, count * sizeof *known);
    char hint[400];
    if (!known)
        return yg_fail_memory(error);
    const char *foreign = yg_foreign_word(key->text);
    for (size_t i = 0; i < count; i++) {
        known[i] =
            i < type->argument_count ? type->arguments[i].name : own[i - type->argument_count];
        if (foreign && strcmp(known[i], foreign) == 0) {
            return yg_fail(error, YG_ERROR_ARGUMENT, key->origin,
                           "layer type '%s' has no argument '%s': here it is '%s'", type->name,
                           key->text, foreign);
        }
    }
    return yg_fail(error, YG_ERROR_ARGUMENT, key->origin, "layer type '%s' has no argument '%s'%s",
                   type->name, key->text, yg_suggest(key->text, known, count, hint, sizeof hint));
}

static const yg_value *key_of(const yg_value *mapping, const char *key) {
    for (size_t i = 0; i < mapping->count; i++)
        if (strcmp(mapping->keys[i]->text, key) == 0)
            return mapping->keys[i];
    return mapping;
}

static bool read_arguments(yg_model *model, const yg_value *value, const yg_library *library,
                           const yg_definition *definition, yg_layer_use *use, yg_error *error) {
    const yg_definition *type = use->definition;
    const size_t known = type ? type->argument_count : 0;
    use->arguments = yg_pool_take(model->pool, (known + 1) * sizeof *use->arguments);
    if (!use->arguments)
        return yg_fail_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *key = value->keys[i];
        bool reserved = false;
        for (size_t k = 0; yg_node_keys[k]; k++)
            reserved = reserved || strcmp(yg_node_keys[k], key->text) == 0;
        if (reserved)
            continue;
        if (!type) {
            return yg_fail(error, YG_ERROR_ARGUMENT, key->origin,
                           "'%s' is a layer that is handed in with its arguments; '%s' cannot be "
                           "given here",
                           use->type, key->text);
        }
        size_t k = 0;
        while (k < known && strcmp(type->arguments[k].name, key->text) != 0)
            k++;
        if (k == known)
            return unknown_argument(model, key, type, error);
        use->arguments[k].value = value->items[i];
        if (type->arguments[k].kind == YG_ARGUMENT_LAYER &&
            !read_layers_in_a_row(model, value->items[i], library, definition, &use->arguments[k],
                                  error))
            return false;
    }
    for (size_t k = 0; k < known; k++) {
        if (!use->arguments[k].value && !type->arguments[k].fallback &&
            !type->arguments[k].optional) {
            return yg_fail(error, YG_ERROR_ARGUMENT, use->origin,
                           "layer type '%s' needs the argument '%s'", type->name,
                           type->arguments[k].name);
        }
    }
    return true;
}

static bool is_layer_argument(const yg_definition *definition, const char *name) {
    for (size_t i = 0; definition && i < definition->argument_count; i++)
        if (definition->arguments[i].kind == YG_ARGUMENT_LAYER &&
            strcmp(definition->arguments[i].name, name) == 0)
            return true;
    return false;
}

static const yg_layer_use *read_layer_use(yg_model *model, const yg_value *value,
                                          const yg_library *library,
                                          const yg_definition *definition, bool nested,
                                          yg_error *error) {
    static const char *const outside[] = {"input", "share", "names", "if"};
    if (!yg_value_is_mapping(value, "a layer", error))
        return NULL;
    const yg_value *type = yg_value_get(value, "type");
    if (!type) {
        yg_fail(error, YG_ERROR_SYNTAX, value->origin,
                "a layer node needs `type`, as {type: linear, out_features: 3}");
        return NULL;
    }
    for (size_t i = 0; nested && i < sizeof outside / sizeof *outside; i++) {
        if (yg_value_get(value, outside[i])) {
            yg_fail(error, YG_ERROR_ARGUMENT, key_of(value, outside[i])->origin,
                    "`%s` cannot be given to a layer that is an argument", outside[i]);
            return NULL;
        }
    }
    yg_layer_use *use = yg_pool_take(model->pool, sizeof *use);
    if (!use) {
        yg_fail_memory(error);
        return NULL;
    }
    use->origin = type->origin;
    if (!yg_value_text(type, "`type`", &use->type, error))
        return NULL;
    if (!is_layer_argument(definition, use->type)) {
        yg_definition *found = yg_find_layer_type(model, library, use->type, type->origin, error);
        if (!found)
            return NULL;
        found->used = true;
        use->definition = found;
    }
    const yg_value *share = yg_value_get(value, "share");
    if ((share && !yg_value_text(share, "`share`", &use->share, error)) ||
        !read_parameter_names(model, yg_value_get(value, "names"), use, error) ||
        !read_condition(model, yg_value_get(value, "if"), use, error) ||
        !read_trainable(model, yg_value_get(value, "trainable"), use, error) ||
        !read_repeat(model, yg_value_get(value, "repeat"), use, error) ||
        !read_inputs(model, yg_value_get(value, "input"), use, error) ||
        !read_arguments(model, value, library, definition, use, error))
        return NULL;
    return use;
}

static bool read_statement(yg_model *model, const yg_value *key, const yg_value *value,
                           const yg_library *library, const yg_definition *definition,
                           yg_statement *statement, yg_error *error) {
    *statement = (yg_statement){.origin = key->origin};
    if (!read_names(model, key, statement, error))
        return false;
    if (value->kind == YG_MAPPING && yg_value_get(value, "scan")) {
        yg_scan_use *scan = yg_read_scan_head(model, value, error);
        statement->scan = scan;
        return scan && yg_read_graph(model, yg_value_get(value, "graph"), library, definition,
                                     &scan->body, error);
    }
    if (value->kind == YG_MAPPING) {
        statement->layer = read_layer_use(model, value, library, definition, false, error);
        return statement->layer != NULL;
    }
    /* A list of numbers is a constant. */
    for (size_t i = 0; value->kind == YG_SEQUENCE && i < value->count; i++)
        if (value->items[i]->kind == YG_MAPPING)
            return yg_fail(error, YG_ERROR_SYNTAX, value->origin,
                           "node '%s': an expression or a layer {type: …} is expected, found a "
                           "list of mappings",
                           key->text);
    statement->expression = yg_read_expression(model->pool, value, key->text, error);
    return statement->expression != NULL;
}

bool yg_read_graph(yg_model *model, const yg_value *value, const yg_library *library,
                   const yg_definition *definition, yg_body *body, yg_error *error) {
    if (!value)
        return true;
    if (!yg_value_is_mapping(value, "`graph`", error))
        return false;
    body->statements = yg_pool_take(model->pool, (value->count + 1) * sizeof *body->statements);
    if (!body->statements)
        return yg_fail_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        if (!read_statement(model, value->keys[i], value->items[i], library, definition,
                            &body->statements[i], error))
            return false;
        body->statement_count++;
    }
    return true;
}
