/*
 * Parts of the JSON Schema: see schema.h. Memory that runs out makes a part NULL, and all that
 * holds it: see json_set().
 */
#ifndef YG_CLI_SCHEMA_KEYS_H
#define YG_CLI_SCHEMA_KEYS_H

#include "key_list.h"

#include <jansson.h>

/* {"$ref": "#/$defs/NAME"}, {"type": TYPE}, {"const": TEXT}. */
json_t *schema_ref(const char *name);
json_t *schema_type(const char *type);
json_t *schema_const(const char *text);
/* {KEY: [first, …]}: `key` is anyOf, allOf, … NULL after the last. */
json_t *schema_list(const char *key, ...);
/* {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}. */
json_t *schema_if(const char *key, const char *value, json_t *then);
/* The object of a mapping with these keys and no others; `others` is the schema of others, which
 * `properties` does not name; NULL: there are none. */
json_t *schema_object(json_t *properties, json_t *others);
/* The names of these properties as {"enum": […]}. */
json_t *schema_names(const json_t *properties);

/* The mappings `data` and `train` of the list, by their paths. */
json_t *schema_of_data(const key_list *list);
json_t *schema_of_train(const key_list *list);
/* What `train.schedule` is besides where all schedules are built-in ones. */
json_t *schema_of_closed_schedule(const key_list *list);

#endif
