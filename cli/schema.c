/*
 * The JSON Schema of model files: see schema.h.
 *
 * It knows sections, keys and the arguments of the built-in layers. What a name or an expression
 * means is the loader's business. Where a file has `define` or `include`, a type may be its own, so
 * arguments are checked only where it has neither.
 */
#include "schema.h"

#include "../models/loader/key_tables.h"
#include "../models/loader/node_keys.h"
#include "../models/model.h"
#include "json.h"
#include "schema_keys.h"
#include "terminal.h"

#include <string.h>

/* A type made of pieces that never change. NULL when out of memory. */
static json_t *fixed(const char *text) {
    return json_loads(text, 0, NULL);
}

/* ------------------------------------------------------------------------------------ layers -- */

static const char *scalar(const yg_value *mapping, const char *key) {
    const yg_value *value = mapping->kind == YG_MAPPING ? yg_value_get(mapping, key) : NULL;
    return value && value->kind == YG_SCALAR ? value->text : "";
}

/* What a node may give for an argument. A formula is always possible for a number. */
static json_t *argument_schema(const yg_value *argument) {
    const char *type = argument->kind == YG_SCALAR ? argument->text : scalar(argument, "type");
    const yg_value *choices =
        argument->kind == YG_MAPPING ? yg_value_get(argument, "choices") : NULL;
    json_t *schema;
    if (strcmp(type, "int") == 0)
        schema = schema_ref("whole");
    else if (strcmp(type, "float") == 0)
        schema = schema_ref("number");
    else if (strcmp(type, "bool") == 0)
        schema = schema_ref("truth");
    else if (strcmp(type, "choice") == 0 && choices && choices->kind == YG_SEQUENCE) {
        /* In a layer type, the name of an argument can stand there too. */
        json_t *names = json_array();
        for (size_t i = 0; i < choices->count; i++)
            json_append(&names, json_string(choices->items[i]->text));
        schema =
            schema_list("anyOf", json_pack("{s:o}", "enum", names), schema_ref("formula"), NULL);
    } else
        schema = json_object();
    const char *doc = argument->kind == YG_SCALAR ? "" : scalar(argument, "doc");
    if (*doc)
        json_set(&schema, "description", json_string(doc));
    return schema;
}

static void add_node_keys(json_t **properties) {
    for (size_t i = 1; yg_node_keys[i]; i++)
        json_set(properties, yg_node_keys[i], json_true());
    json_set(properties, "type", schema_type("string"));
}

/* Adds a layer: its arguments to `known`, and that it has no other keys to `closed`. */
static bool add_layer(const char *name, json_t **names, json_t **known, json_t **closed) {
    const char *text = yg_layer_text(name);
    yg_error error = {0};
    yg_document *document = yg_document_parse(text, strlen(text), name, &error);
    const yg_value *define = document ? yg_value_get(yg_document_root(document), "define") : NULL;
    const yg_value *layer = define ? yg_value_get(define, name) : NULL;
    const yg_value *args = layer ? yg_value_get(layer, "args") : NULL;
    json_t *properties = json_object();
    for (size_t i = 0; args && i < args->count; i++)
        json_set(&properties, args->keys[i]->text, argument_schema(args->items[i]));
    json_append(names, json_pack("{s:s, s:s}", "const", name, "description", scalar(layer, "doc")));
    if (json_object_size(properties))
        json_append(known, schema_if("type", name, json_pack("{s:O}", "properties", properties)));
    add_node_keys(&properties);
    json_append(closed, schema_if("type", name,
                                  json_pack("{s:o}", "propertyNames", schema_names(properties))));
    json_decref(properties);
    yg_document_free(document);
    return layer != NULL;
}

/* `layer`, a node of any type; `closed_layer`, the same where all types are built in. */
static bool add_layers(json_t **defs) {
    json_t *names = json_array(), *known = json_array(), *closed = json_array();
    bool good = true;
    for (size_t i = 0; good && i < yg_layer_count(); i++)
        good = add_layer(yg_layer_name(i), &names, &known, &closed);
    json_t *own = json_object();
    add_node_keys(&own);
    json_set(&own, "type",
             json_pack("{s:[{s:O}, {s:s}]}", "anyOf", "anyOf", names, "type", "string"));
    json_set(defs, "layer",
             json_pack("{s:s, s:o, s:[s], s:o}", "type", "object", "properties", own, "required",
                       "type", "allOf", known));
    json_set(
        defs, "closed_layer",
        json_pack("{s:{s:{s:o}}, s:o}", "properties", "type", "anyOf", names, "allOf", closed));
    return good;
}

/* ------------------------------------------------------------------------------------- parts -- */

/* What values are, where it is no mapping with keys of its own. The tables of keys name these. */
static const struct {
    const char *name, *schema;
} parts[] = {
    {"scalar", "{\"type\": [\"string\", \"number\", \"boolean\", \"null\"]}"},
    {"formula", "{\"type\": \"string\", \"description\": \"a formula of vars\"}"},
    {"number", "{\"type\": [\"number\", \"string\"]}"},
    {"whole", "{\"type\": [\"integer\", \"string\"]}"},
    {"truth", "{\"type\": [\"boolean\", \"string\"]}"},
    {"text", "{\"type\": \"string\"}"},
    {"list", "{\"type\": \"array\"}"},
    {"mapping", "{\"type\": \"object\"}"},
    {"named", "{\"type\": [\"array\", \"object\"]}"},
    {"expression", "{\"type\": [\"string\", \"number\", \"boolean\", \"array\"]}"},
    {"shape", "{\"type\": \"array\"}"},
    {"dtype", "{\"enum\": [\"f32\", \"f64\", \"i32\", \"i64\", \"bool\"]}"},
    {"classes", "{\"type\": [\"integer\", \"string\", \"array\"]}"},
    {"join", "{\"enum\": [\"mean\", \"sum\", \"max\", \"min\"]}"},
    {"ratio",
     "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/expression\"}, \"minItems\": 2, "
     "\"maxItems\": 2}"},
    {"initializer",
     "{\"anyOf\": [{\"type\": [\"string\", \"array\"]}, {\"type\": \"object\", \"required\": "
     "[\"type\"]}]}"},
    {"graph",
     "{\"type\": \"object\", \"additionalProperties\": {\"anyOf\": [{\"$ref\": "
     "\"#/$defs/expression\"}, {\"$ref\": \"#/$defs/layer\"}, {\"$ref\": \"#/$defs/scan\"}]}}"},
    {"closed_graph",
     "{\"type\": \"object\", \"additionalProperties\": {\"if\": {\"type\": \"object\", "
     "\"required\": [\"type\"]}, \"then\": {\"$ref\": \"#/$defs/closed_layer\"}}}"},
    {"outputs", "{\"anyOf\": [{\"type\": \"array\", \"items\": {\"type\": \"string\"}}, {\"type\": "
                "\"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/output\"}}]}"},
    {"include", "{\"type\": [\"string\", \"array\", \"object\"], \"items\": {\"$ref\": "
                "\"#/$defs/included\"}}"},
    {"argument_kind",
     "{\"enum\": [\"int\", \"float\", \"bool\", \"choice\", \"op\", \"init\", \"ints\", "
     "\"layer\", \"floats\"]}"},
};

/* Mappings whose keys the loader knows. `other`: what may stand in place of the mapping, or NULL.
 */
static const struct {
    const char *name;
    const yg_key_table *table;
    const char *other;
} mappings[] = {
    {"port", &yg_port_keys, "shape"},          {"param", &yg_param_keys, NULL},
    {"own_state", &yg_state_keys, NULL},       {"scan", &yg_scan_keys, NULL},
    {"carry", &yg_carry_keys, "expression"},   {"output", &yg_output_keys, "expression"},
    {"metric", &yg_metric_keys, "expression"}, {"included", &yg_include_keys, "text"},
    {"pattern", &yg_pattern_keys, "shape"},    {"argument", &yg_argument_keys, "argument_kind"},
    {"expect", &yg_expect_keys, NULL},
};

/* Mappings from names to parts. */
static const struct {
    const char *name, *part;
} maps[] = {
    {"ports", "port"},         {"params", "param"},           {"state", "own_state"},
    {"carries", "carry"},      {"metrics", "metric"},         {"patterns", "pattern"},
    {"arguments", "argument"}, {"expressions", "expression"}, {"definitions", "definition"},
};

/* Keys that only a message knows are left out. */
static json_t *keys_schema(const yg_key_table *table) {
    json_t *properties = json_object(), *required = json_array();
    for (size_t i = 0; i < table->count; i++) {
        const yg_key *key = &table->keys[i];
        if (key->hint)
            continue;
        json_set(&properties, key->name, key->form ? schema_ref(key->form) : json_true());
        if (key->required)
            json_append(&required, json_string(key->name));
    }
    json_t *schema = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
                               "additionalProperties", 0);
    if (json_array_size(required))
        json_set(&schema, "required", json_incref(required));
    json_decref(required);
    return schema;
}

/* A layer type or, where it has a `rate`, a schedule. */
static json_t *definition_schema(void) {
    json_t *schema = keys_schema(&yg_layer_type_keys),
           *schedule = keys_schema(&yg_schedule_type_keys);
    json_t *properties = json_object_get(schema, "properties");
    json_object_update_missing(properties, json_object_get(schedule, "properties"));
    json_object_del(schema, "required");
    json_t *known = json_incref(json_object_get(schedule, "properties"));
    json_set(&known, "example", json_true());
    json_set(&schema, "if", json_pack("{s:[s]}", "required", "rate"));
    json_set(&schema, "then", json_pack("{s:o}", "propertyNames", schema_names(known)));
    json_decref(known);
    json_decref(schedule);
    return schema;
}

static void add_mappings(json_t **defs) {
    for (size_t i = 0; i < sizeof mappings / sizeof *mappings; i++) {
        json_t *keys = keys_schema(mappings[i].table);
        const char *other = mappings[i].other;
        json_set(defs, mappings[i].name,
                 other ? schema_list("anyOf", schema_ref(other), keys, NULL) : keys);
    }
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        json_set(defs, maps[i].name,
                 json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                           schema_ref(maps[i].part)));
    json_set(defs, "definition", definition_schema());
}

/* -------------------------------------------------------------------------------------- root -- */

static const struct {
    const char *key, *part, *doc;
} sections[] = {
    {"format", NULL, "the version of the format: 1"},
    {"name", "scalar", "an identifier; without it, the file's name"},
    {"doc", "scalar", "a line of prose"},
    {"vars", NULL, "named constants"},
    {"include", "include", "files whose layer types and schedules are used here"},
    {"define", "definitions", "layer types and schedules of this file"},
    {"inputs", "ports", "the tensors that a prediction is computed from"},
    {"targets", "ports", "the tensors that only training and evaluation have"},
    {"params", "params", "tensors that the model itself owns"},
    {"trainable", NULL, "which parameters are trained, by patterns of their names"},
    {"state", "state", "tensors that are kept and not trained"},
    {"update", "expressions", "what they become after each training step"},
    {"graph", "graph", "the computation, from top to bottom"},
    {"outputs", "outputs", "the tensors that prediction returns"},
    {"loss", "expression", "an expression of one floating-point number"},
    {"metrics", "metrics", "a map from name to an expression of one number, or of a table"},
    {"data", "data", "where the examples come from"},
    {"train", "train", "how it is trained"},
    {"expect", "expect", "sizes that are checked whenever the file is loaded"},
};

static json_t *section_schema(size_t i) {
    const char *part = sections[i].part;
    json_t *schema = part                                     ? schema_ref(part)
                     : strcmp(sections[i].key, "format") == 0 ? fixed("{\"const\": 1}")
                                                              : schema_type("object");
    json_set(&schema, "description", json_string(sections[i].doc));
    return schema;
}

static json_t *defs_of(const key_list *list) {
    json_t *defs = json_object();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        json_set(&defs, parts[i].name, fixed(parts[i].schema));
    add_mappings(&defs);
    json_set(&defs, "data", schema_of_data(list));
    json_set(&defs, "train", schema_of_train(list));
    json_set(&defs, "closed_schedule", schema_of_closed_schedule(list));
    if (add_layers(&defs))
        return defs;
    json_decref(defs);
    return NULL;
}

int schema_print(const key_list *list) {
    json_t *properties = json_object();
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        json_set(&properties, sections[i].key, section_schema(i));
    /* A model, a run file, or a file of layer types. */
    json_t *schema = schema_object(properties, NULL);
    json_t *rest = fixed(
        "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"title\": \"yamlgrad "
        "model\", \"anyOf\": [{\"required\": [\"inputs\", \"outputs\"]}, {\"not\": {\"anyOf\": "
        "[{\"required\": [\"inputs\"]}, {\"required\": [\"graph\"]}]}}], \"if\": {\"not\": "
        "{\"anyOf\": [{\"required\": [\"define\"]}, {\"required\": [\"include\"]}]}}, \"then\": "
        "{\"properties\": {\"graph\": {\"$ref\": \"#/$defs/closed_graph\"}, \"train\": "
        "{\"properties\": "
        "{\"schedule\": {\"$ref\": \"#/$defs/closed_schedule\"}}}}}}");
    json_set(&rest, "$defs", defs_of(list));
    if (!schema || !rest || json_object_update(rest, schema) != 0) {
        json_decref(rest);
        rest = NULL;
    }
    json_decref(schema);
    return json_print(rest, YG_F64);
}
