/*
 * All keys of `data:` and `train:`, for `yamlgrad keys` and the JSON Schema.
 */
#ifndef YG_CLI_KEY_LIST_H
#define YG_CLI_KEY_LIST_H

#include "../graph/pool.h"
#include "../models/loader/setting.h"

typedef struct key_list {
    yg_pool *pool; /* holds all */
    yg_setting_group *groups;
    size_t count;
} key_list;

/* False when out of memory, which it tells. Freed by key_list_free() in either case. */
bool key_list_make(key_list *list);
void key_list_free(key_list *list);

/* "a whole number, at least 1": what a setting may be. Cut at `size`; returns `text`. */
const char *key_value_text(const yg_setting *setting, char *text, size_t size);
/* The default, "(required)", or "(none)". */
const char *key_default_text(const yg_setting *setting);
/* The value of its example as YAML. That of a flag or a choice without one is another value than
 * the default. */
const char *key_example_text(const yg_setting *setting);

#endif
