/*
 * The sections `data` and `train` of the JSON Schema: see schema_keys.h.
 *
 * A number can be a formula of vars wherever it stands, so a text is always allowed beside it. A
 * word out of a few must be written itself: a var that holds it would let every misspelling pass.
 */
#include "schema_keys.h"

#include "../models/model.h"
#include "json.h"

#include <stdarg.h>
#include <string.h>

/* ------------------------------------------------------------------------------------ pieces -- */

json_t *schema_ref(const char *name) {
    return json_pack("{s:o}", "$ref", json_sprintf("#/$defs/%s", name));
}

json_t *schema_type(const char *type) {
    return json_pack("{s:s}", "type", type);
}

json_t *schema_const(const char *text) {
    return json_pack("{s:s}", "const", text);
}

json_t *schema_list(const char *key, ...) {
    json_t *list = json_array(), *item;
    va_list items;
    va_start(items, key);
    while ((item = va_arg(items, json_t *)))
        json_append(&list, item);
    va_end(items);
    return json_pack("{s:o}", key, list);
}

json_t *schema_if(const char *key, const char *value, json_t *then) {
    return json_pack("{s:{s:{s:o}, s:[s]}, s:o}", "if", "properties", key, schema_const(value),
                     "required", key, "then", then);
}

json_t *schema_object(json_t *properties, json_t *others) {
    return json_pack("{s:s, s:o, s:o}", "type", "object", "properties", properties,
                     "additionalProperties", others ? others : json_false());
}

json_t *schema_names(const json_t *properties) {
    json_t *names = json_array();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)properties, name, value) json_append(&names, json_string(name));
    return json_pack("{s:o}", "enum", names);
}

/* -------------------------------------------------------------------------------------- keys -- */

static json_t *number_schema(const yg_setting *s) {
    json_t *number = schema_type(s->kind == YG_SETTING_WHOLE ? "integer" : "number");
    const bool ends = s->max > s->min;
    if (s->kind == YG_SETTING_WHOLE || ends || s->above)
        json_set(&number, s->above ? "exclusiveMinimum" : "minimum", json_real(s->min));
    if (ends && s->max < 1e9)
        json_set(&number, "maximum", json_real(s->max));
    return schema_list("anyOf", number, schema_ref("formula"), NULL);
}

static json_t *choices_schema(const yg_setting *s) {
    json_t *names = json_array();
    for (size_t i = 0; s->choices[i]; i++)
        json_append(&names, json_string(s->choices[i]));
    return json_pack("{s:o}", "enum", names);
}

static json_t *value_schema(const yg_setting *s) {
    json_t *list = json_array();
    if (s->forms & YG_FORM_SCALAR)
        json_append(&list, schema_ref("scalar"));
    if (s->forms & YG_FORM_LIST)
        json_append(&list, schema_type("array"));
    if (s->forms & YG_FORM_LIST && !(s->forms & YG_FORM_SCALAR))
        json_append(&list, schema_ref("formula"));
    if (s->forms & YG_FORM_MAPPING)
        json_append(&list, schema_type("object"));
    return json_pack("{s:o}", "anyOf", list);
}

static json_t *setting_schema(const yg_setting *s) {
    char text[300];
    json_t *schema = s->kind == YG_SETTING_VALUE    ? value_schema(s)
                     : s->kind == YG_SETTING_TEXT   ? schema_ref("scalar")
                     : s->kind == YG_SETTING_FLAG   ? schema_ref("truth")
                     : s->kind == YG_SETTING_CHOICE ? choices_schema(s)
                                                    : number_schema(s);
    json_set(&schema, "description",
             json_sprintf("%s: %s. Default: %s", s->doc, key_value_text(s, text, sizeof text),
                          key_default_text(s)));
    return schema;
}

static bool is_one(const yg_setting_group *group, const char *path, const char *kind) {
    return strcmp(group->path, path) == 0 &&
           (kind ? group->kind && strcmp(group->kind, kind) == 0 : !group->kind);
}

static const yg_setting *find(const key_list *list, const char *path, const char *name) {
    for (size_t g = 0; g < list->count; g++)
        for (size_t i = 0; is_one(&list->groups[g], path, NULL) && i < list->groups[g].count; i++)
            if (strcmp(list->groups[g].settings[i].name, name) == 0)
                return &list->groups[g].settings[i];
    return NULL;
}

/* The keys of the groups of a path and kind, added to `properties`. */
static void add_keys(const key_list *list, const char *path, const char *kind,
                     json_t **properties) {
    for (size_t g = 0; g < list->count; g++)
        for (size_t i = 0; is_one(&list->groups[g], path, kind) && i < list->groups[g].count; i++)
            if (!list->groups[g].settings[i].hint)
                json_set(properties, list->groups[g].settings[i].name,
                         setting_schema(&list->groups[g].settings[i]));
}

static json_t *required_keys(const key_list *list, const char *path) {
    json_t *names = json_array();
    for (size_t g = 0; g < list->count; g++)
        for (size_t i = 0; is_one(&list->groups[g], path, NULL) && i < list->groups[g].count; i++)
            if (list->groups[g].settings[i].required)
                json_append(&names, json_string(list->groups[g].settings[i].name));
    return names;
}

static json_t *keys_of(const key_list *list, const char *path) {
    json_t *properties = json_object();
    add_keys(list, path, NULL, &properties);
    return properties;
}

/* A mapping of that path with no other keys. */
static json_t *mapping_of(const key_list *list, const char *path) {
    json_t *object = schema_object(keys_of(list, path), NULL);
    json_set(&object, "required", required_keys(list, path));
    return object;
}

/* A mapping whose further keys depend on the value of `key`. */
static json_t *mapping_by(const key_list *list, const char *path, const char *key) {
    json_t *all = json_array(), *kinds = json_array(), *every = keys_of(list, path);
    for (size_t g = 0; g < list->count; g++) {
        const char *kind = list->groups[g].kind;
        if (!kind || strcmp(list->groups[g].path, path) != 0)
            continue;
        json_t *keys = keys_of(list, path);
        add_keys(list, path, kind, &keys);
        add_keys(list, path, kind, &every);
        json_append(&kinds, json_string(kind));
        json_append(&all, schema_if(key, kind, schema_object(keys, NULL)));
    }
    json_set(&every, key, json_pack("{s:o}", "enum", kinds));
    json_t *object = schema_object(every, NULL);
    json_set(&object, "required", required_keys(list, path));
    json_set(&object, "allOf", all);
    return object;
}

/* The kinds of a path, as a scalar: `optimizer: adam`. */
static json_t *kinds_of(const key_list *list, const char *path) {
    json_t *kinds = json_array();
    for (size_t g = 0; g < list->count; g++)
        if (list->groups[g].kind && strcmp(list->groups[g].path, path) == 0)
            json_append(&kinds, json_string(list->groups[g].kind));
    return json_pack("{s:o}", "enum", kinds);
}

/* --------------------------------------------------------------------------------- sections -- */

/* Any name may be that of an input or target, so no key of a part is refused. */
static json_t *part_schema(const key_list *list) {
    json_t *properties = keys_of(list, "data.part");
    for (size_t g = 0; g < list->count; g++)
        if (strcmp(list->groups[g].path, "data.part") == 0 && list->groups[g].kind)
            add_keys(list, "data.part", list->groups[g].kind, &properties);
    return schema_object(properties, json_true());
}

static void replace(json_t **properties, const char *key, json_t *schema) {
    json_t *described = json_object_get(json_object_get(*properties, key), "description");
    json_set(&schema, "description", json_incref(described));
    json_set(properties, key, schema);
}

json_t *schema_of_data(const key_list *list) {
    json_t *keys = keys_of(list, "data");
    static const char *const held[] = {"validation", "test"};
    replace(&keys, "train", part_schema(list));
    for (size_t i = 0; i < 2; i++)
        replace(&keys, held[i],
                json_pack("{s:s, s:{s:[s]}, s:o, s:o}", "type", "object", "if", "required", "from",
                          "then", mapping_of(list, "data.split"), "else", part_schema(list)));
    replace(&keys, "columns",
            json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                      schema_list("anyOf", kinds_of(list, "data.columns.NAME"),
                                  mapping_by(list, "data.columns.NAME", "kind"), NULL)));
    replace(&keys, "windows", mapping_of(list, "data.windows"));
    replace(&keys, "sequences", mapping_of(list, "data.sequences"));
    replace(&keys, "balance",
            schema_list("anyOf", choices_schema(find(list, "data.balance", "how")),
                        mapping_of(list, "data.balance"), NULL));
    json_t *object = schema_object(keys, NULL);
    json_set(&object, "required", required_keys(list, "data"));
    return object;
}

/* `groups` of an optimizer: each may be of another type, so the options of all are keys. */
static json_t *groups_schema(const key_list *list) {
    json_t *keys = keys_of(list, "train.optimizer.groups.PATTERN");
    for (size_t g = 0; g < list->count; g++)
        if (list->groups[g].kind && strcmp(list->groups[g].path, "train.optimizer") == 0)
            add_keys(list, "train.optimizer", list->groups[g].kind, &keys);
    json_set(&keys, "type", kinds_of(list, "train.optimizer"));
    return json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                     schema_object(keys, NULL));
}

/* A schedule is one of the built-in ones or of the file's own, whose arguments are not known. */
static json_t *schedule_schema(const key_list *list) {
    static const char path[] = "train.schedule";
    json_t *keys = keys_of(list, path), *known = json_array();
    json_set(&keys, "type",
             schema_list("anyOf", kinds_of(list, path), schema_type("string"), NULL));
    for (size_t g = 0; g < list->count; g++) {
        const char *kind = list->groups[g].kind;
        json_t *properties = json_object();
        if (kind && strcmp(list->groups[g].path, path) == 0)
            add_keys(list, path, kind, &properties);
        if (json_object_size(properties))
            json_append(&known,
                        schema_if("type", kind, json_pack("{s:O}", "properties", properties)));
        json_decref(properties);
    }
    /* A formula in place has no arguments. */
    json_t *common = keys_of(list, path);
    json_append(&known, json_pack("{s:{s:[s]}, s:{s:o}}", "if", "required", "formula", "then",
                                  "propertyNames", schema_names(common)));
    json_decref(common);
    json_t *object = schema_object(keys, json_true());
    json_set(&object, "allOf", known);
    json_t *one = schema_list("anyOf", schema_ref("scalar"), object, NULL);
    json_t *all = json_pack("{s:s, s:O}", "type", "array", "items", one);
    return schema_list("anyOf", one, all, NULL);
}

json_t *schema_of_closed_schedule(const key_list *list) {
    static const char path[] = "train.schedule";
    json_t *closed = json_array();
    for (size_t g = 0; g < list->count; g++) {
        const char *kind = list->groups[g].kind;
        if (!kind || strcmp(list->groups[g].path, path) != 0)
            continue;
        json_t *keys = keys_of(list, path);
        add_keys(list, path, kind, &keys);
        json_append(&closed, schema_if("type", kind,
                                       json_pack("{s:o}", "propertyNames", schema_names(keys))));
        json_decref(keys);
    }
    json_t *one =
        json_pack("{s:{s:o}, s:o}", "properties", "type", kinds_of(list, path), "allOf", closed);
    json_t *items = json_pack("{s:O}", "items", one);
    return json_pack("{s:{s:s}, s:o, s:o}", "if", "type", "array", "then", items, "else", one);
}

json_t *schema_of_train(const key_list *list) {
    json_t *keys = keys_of(list, "train");
    replace(&keys, "early_stopping", mapping_of(list, "train.early_stopping"));
    replace(&keys, "reduce_on_plateau", mapping_of(list, "train.reduce_on_plateau"));
    replace(&keys, "average", mapping_of(list, "train.average"));
    replace(&keys, "checkpoint", mapping_of(list, "train.checkpoint"));
    replace(&keys, "schedule", schedule_schema(list));
    json_t *optimizer = mapping_by(list, "train.optimizer", "type");
    json_t *known = json_object_get(optimizer, "properties");
    replace(&known, "groups", groups_schema(list));
    replace(&keys, "optimizer",
            schema_list("anyOf", kinds_of(list, "train.optimizer"), optimizer, NULL));
    json_t *object = schema_object(keys, NULL);
    json_set(&object, "required", required_keys(list, "train"));
    return object;
}
