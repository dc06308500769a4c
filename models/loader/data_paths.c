/*
 * Files of the data that are given with the model: see data_paths.h.
 *
 * The section is changed as if its author had written the path there. Such a value has no line, by
 * which the folder data/ knows that its path does not start from the model file's folder.
 */
#include "data_paths.h"

#include "sections.h"

#include <stdlib.h>
#include <string.h>

static const char *const parts[] = {"train", "validation", "test"};
enum { PARTS = sizeof parts / sizeof *parts };

typedef struct replacing {
    yg_model *model;
    const char *text; /* of the option: NAME=PATH */
    yg_value *path;
    yg_error *error;
} replacing;

static yg_value *new_scalar(const replacing *r, const char *text) {
    yg_value *value = yg_pool_take(r->model->pool, sizeof *value);
    const char *copy = yg_pool_text(r->model->pool, text);
    if (!value || !copy) {
        yg_fail_memory(r->error);
        return NULL;
    }
    *value = (yg_value){.kind = YG_SCALAR,
                        .quoted = true,
                        .origin = {"--data", 0, 0},
                        .text = copy,
                        .source = copy};
    return value;
}

static int by_key(const void *a, const void *b) {
    const yg_sorted_key *x = a, *y = b;
    return strcmp(x->key->text, y->key->text);
}

/* A copy of a mapping (NULL: an empty one) in which `key` has the value. NULL when out of memory.
 */
static yg_value *with(const replacing *r, const yg_value *mapping, const char *key,
                      const yg_value *value) {
    yg_pool *pool = r->model->pool;
    const size_t count = mapping ? mapping->count : 0;
    yg_value *name = value ? new_scalar(r, key) : NULL;
    yg_value *copy = name ? yg_pool_take(pool, sizeof *copy) : NULL;
    const yg_value **keys = copy ? yg_pool_take(pool, (count + 1) * sizeof *keys) : NULL;
    const yg_value **items = keys ? yg_pool_take(pool, (count + 1) * sizeof *items) : NULL;
    yg_sorted_key *sorted = items ? yg_pool_take(pool, (count + 1) * sizeof *sorted) : NULL;
    if (!sorted) {
        yg_fail_memory(r->error);
        return NULL;
    }
    if (mapping)
        *copy = *mapping;
    else
        *copy = (yg_value){.kind = YG_MAPPING, .origin = name->origin, .text = "", .source = ""};
    size_t at = 0;
    while (at < count && strcmp(mapping->keys[at]->text, key) != 0)
        at++;
    copy->count = at < count ? count : count + 1;
    for (size_t i = 0; i < copy->count; i++) {
        keys[i] = i < count ? mapping->keys[i] : name;
        items[i] = i == at ? value : mapping->items[i];
        sorted[i] = (yg_sorted_key){keys[i], i};
    }
    qsort(sorted, copy->count, sizeof *sorted, by_key);
    copy->keys = keys;
    copy->items = items;
    copy->sorted = sorted;
    return copy;
}

/* What stands in the file for a value that is replaced; NULL: nothing does. */
static const yg_value *in_file(const yg_value *value) {
    return value && value->origin.line && !value->written ? value : value ? value->written : NULL;
}

/* A part that reads the path: as before, if it was a table, and otherwise as the name tells. */
static bool replace_part(const replacing *r, const char *name) {
    const yg_value *part = yg_value_get(r->model->data, name);
    const char *key = NULL;
    for (size_t i = 0; part && part->kind == YG_MAPPING && !key && i < part->count; i++)
        if (yg_is_file_key(part->keys[i]->text))
            key = part->keys[i]->text;
    r->path->written = key ? in_file(yg_value_get(part, key)) : NULL;
    yg_value *new = with(r, key ? part : NULL, key ? key : "file", r->path);
    if (new && !key)
        new->written = in_file(part);
    const yg_value *data = new ? with(r, r->model->data, name, new) : NULL;
    if (data)
        r->model->data = data;
    return data != NULL;
}

/* `arrays: {image: PATH}` of a part. */
static bool replace_array(const replacing *r, const char *name, const char *port) {
    const yg_value *part = yg_value_get(r->model->data, name);
    const yg_value *arrays = part ? yg_value_get(part, "arrays") : NULL;
    if (!arrays || arrays->kind != YG_MAPPING)
        return yg_fail(r->error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "--data %s: the part `%s` has no `arrays:` that name a file for '%s'",
                       r->text, name, port);
    r->path->written = in_file(yg_value_get(arrays, port));
    arrays = with(r, arrays, port, r->path);
    part = arrays ? with(r, part, "arrays", arrays) : NULL;
    part = part ? with(r, r->model->data, name, part) : NULL;
    if (part)
        r->model->data = part;
    return part != NULL;
}

static bool fail_name(const replacing *r, const char *name) {
    yg_names names = {0};
    char hint[400];
    for (size_t i = 0; i < PARTS; i++)
        yg_names_add(&names, r->model->pool, parts[i]);
    for (size_t p = 0; p < r->model->port_count; p++)
        yg_names_add(&names, r->model->pool, r->model->ports[p].name);
    return yg_fail(r->error, YG_ERROR_NAME, YG_NOWHERE,
                   "--data %s: '%s' is no part of the data, input or target%s", r->text, name,
                   yg_names_suggest(&names, name, hint, sizeof hint));
}

static bool replace(const replacing *r, const char *name) {
    const char *part = parts[0], *port = name;
    for (size_t i = 0; i < PARTS; i++) {
        const size_t length = strlen(parts[i]);
        if (strcmp(name, parts[i]) == 0)
            return replace_part(r, parts[i]);
        if (strncmp(name, parts[i], length) == 0 && name[length] == '.') {
            part = parts[i];
            port = name + length + 1;
        }
    }
    return yg_model_find_port(r->model, port) == SIZE_MAX ? fail_name(r, name)
                                                          : replace_array(r, part, port);
}

bool yg_replace_data_paths(yg_model *model, const char *const *texts, size_t count,
                           yg_error *error) {
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(texts[i], '=');
        replacing r = {.model = model, .text = texts[i], .error = error};
        if (!equals || !equals[1])
            return yg_fail(error, YG_ERROR_SYNTAX, YG_NOWHERE,
                           "--data %s: the form is NAME=PATH, as --data train=more.csv", texts[i]);
        if (!model->data || model->data->kind != YG_MAPPING)
            return yg_fail(error, YG_ERROR_DATA, YG_NOWHERE,
                           "--data %s: the model has no `data:` section", texts[i]);
        const char *name = yg_pool_copy(model->pool, texts[i], (size_t)(equals - texts[i]));
        r.path = new_scalar(&r, equals + 1);
        if (!name || !r.path)
            return yg_fail_memory(error);
        if (!replace(&r, name))
            return false;
    }
    return true;
}
