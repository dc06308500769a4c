/*
 * Finds layer types and schedules: in the file itself, in the files that it includes, and among the
 * built-in ones. A built-in one is read only if a model names it.
 */
#include "library.h"

#include "../../graph/file.h"
#include "../../graph/spelling.h"
#include "definitions.h"
#include "embedded.h"
#include "foreign.h"
#include "key_tables.h"
#include "read.h"

#include <string.h>

/* The deepest nesting of included files. */
#define INCLUDE_CAP 16

/* The built-in definitions of one kind. */
typedef struct shelf {
    const char *folder; /* of models/; also names the file in messages */
    const char *kind;
    const yg_embedded_file *files;
    const size_t *count;
} shelf;

static const shelf layers = {"layers", "layer type", yg_embedded_layers, &yg_embedded_layers_count};
static const shelf schedules = {"schedules", "schedule", yg_embedded_schedules,
                                &yg_embedded_schedules_count};

static const char *text_of(const shelf *from, const char *name) {
    for (size_t i = 0; i < *from->count; i++)
        if (strcmp(from->files[i].name, name) == 0)
            return from->files[i].text;
    return NULL;
}

size_t yg_layer_count(void) {
    return yg_embedded_layers_count;
}

const char *yg_layer_name(size_t index) {
    return index < yg_embedded_layers_count ? yg_embedded_layers[index].name : NULL;
}

const char *yg_layer_text(const char *name) {
    return text_of(&layers, name);
}

size_t yg_schedule_count(void) {
    return yg_embedded_schedules_count;
}

const char *yg_schedule_name(size_t index) {
    return index < yg_embedded_schedules_count ? yg_embedded_schedules[index].name : NULL;
}

const char *yg_schedule_text(const char *name) {
    return text_of(&schedules, name);
}

const char *yg_folder_of(yg_pool *pool, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return yg_pool_copy(pool, path, slash == path ? 1 : (size_t)(slash - path));
}

const yg_value *yg_model_keep(yg_model *model, yg_document *document, yg_error *error) {
    if (!document)
        return NULL;
    yg_document **grown =
        yg_pool_grow(model->pool, model->documents, model->document_count, sizeof *grown);
    if (!grown) {
        yg_document_free(document);
        yg_fail_memory(error);
        return NULL;
    }
    model->documents = grown;
    model->documents[model->document_count++] = document;
    return yg_document_root(document);
}

const yg_value *yg_model_read(yg_model *model, const char *path, yg_error *error) {
    return yg_model_keep(model, yg_document_load(path, error), error);
}

/* ---------------------------------------------------------------------------------- built in -- */

static bool read_built_in(yg_model *model, const shelf *from, const char *name, const char *text,
                          yg_library *built_in, yg_error *error) {
    const char *path = yg_pool_format(model->pool, "%s/%s.yaml", from->folder, name);
    if (!path)
        return yg_fail_memory(error);
    const yg_value *root =
        yg_model_keep(model, yg_document_parse(text, strlen(text), path, error), error);
    return root && yg_read_definitions(model, yg_value_get(root, "define"), built_in, error);
}

static bool is_of(const shelf *kind, const yg_definition *definition) {
    return (definition->rate != NULL) == (kind == &schedules);
}

static yg_definition *unknown_name(const yg_model *model, const yg_library *library,
                                   const shelf *from, const char *name, yg_origin origin,
                                   yg_error *error) {
    const size_t own = library->names.count;
    const char **known = yg_pool_take(model->pool, (own + *from->count + 1) * sizeof *known);
    char hint[400];
    if (!known) {
        yg_fail_memory(error);
        return NULL;
    }
    size_t count = 0;
    for (size_t i = 0; i < own; i++)
        if (is_of(from, library->definitions[i]))
            known[count++] = library->names.names[i];
    for (size_t i = 0; i < *from->count; i++)
        known[count++] = from->files[i].name;
    const char *foreign = yg_foreign_word(name);
    const char *found_op = from == &layers && yg_op_find(model->ops, name) ? name : NULL;
    if (from == &layers && !found_op && foreign && yg_op_find(model->ops, foreign))
        found_op = foreign;
    const shelf *other = from == &layers ? &schedules : &layers;
    if (foreign && text_of(from, foreign)) {
        yg_fail(error, YG_ERROR_NAME, origin, "unknown %s '%s': here it is '%s'", from->kind, name,
                foreign);
    } else if (found_op) {
        yg_fail(error, YG_ERROR_NAME, origin,
                "'%s' is an operator, not a layer type: write it as a call, `name: %s(…)`", name,
                found_op);
    } else if (yg_names_find(&library->names, name) != YG_NOT_FOUND || text_of(other, name)) {
        yg_fail(error, YG_ERROR_NAME, origin, "'%s' is a %s, not a %s", name, other->kind,
                from->kind);
    } else {
        yg_fail(error, YG_ERROR_NAME, origin, "unknown %s '%s'%s", from->kind, name,
                yg_suggest(name, known, count, hint, sizeof hint));
    }
    return NULL;
}

static yg_definition *find(yg_model *model, const yg_library *library, const shelf *from,
                           yg_library *built_in, const char *name, yg_origin origin,
                           yg_error *error) {
    const size_t own = yg_names_find(&library->names, name);
    if (own != YG_NOT_FOUND && is_of(from, library->definitions[own]))
        return library->definitions[own];
    if (yg_names_find(&built_in->names, name) == YG_NOT_FOUND) {
        const char *text = text_of(from, name);
        if (!text)
            return unknown_name(model, library, from, name, origin, error);
        if (!read_built_in(model, from, name, text, built_in, error))
            return NULL;
    }
    const size_t found = yg_names_find(&built_in->names, name);
    return found == YG_NOT_FOUND ? unknown_name(model, library, from, name, origin, error)
                                 : built_in->definitions[found];
}

yg_definition *yg_find_layer_type(yg_model *model, const yg_library *library, const char *name,
                                  yg_origin origin, yg_error *error) {
    return find(model, library, &layers, &model->built_in, name, origin, error);
}

yg_definition *yg_find_schedule(yg_model *model, const yg_library *library, const char *name,
                                yg_origin origin, yg_error *error) {
    return find(model, library, &schedules, &model->built_in_schedules, name, origin, error);
}

/* ----------------------------------------------------------------------------------- include -- */

static const yg_library *read_library(yg_model *model, const char *path, yg_origin origin,
                                      int depth, yg_error *error) {
    static const yg_key keys[] = {
        {"format", false, NULL, NULL},
        {"doc", false, NULL, NULL},
        {"include", false, NULL, NULL},
        {"define", true, NULL, NULL},
        {"vars", false, "an included file holds layer types and schedules only, which see no vars",
         NULL},
        {"graph", false, "an included file holds layer types and schedules only", NULL},
        {"inputs", false, "an included file holds layer types and schedules only", NULL},
    };
    for (size_t i = 0; i < model->included_count; i++)
        if (strcmp(model->included[i]->path, path) == 0)
            return model->included[i];
    if (depth > INCLUDE_CAP) {
        yg_fail(error, YG_ERROR_ARGUMENT, origin,
                "files include one another more than %d deep; perhaps in a circle", INCLUDE_CAP);
        return NULL;
    }
    yg_library *library = yg_pool_take(model->pool, sizeof *library);
    if (!library) {
        yg_fail_memory(error);
        return NULL;
    }
    library->path = path;
    library->folder = yg_folder_of(model->pool, path);
    yg_error reading = {0};
    const yg_value *root = yg_model_read(model, path, &reading);
    if (!root) {
        if (reading.code == YG_ERROR_IO)
            yg_fail(error, YG_ERROR_IO, origin, "cannot include: %s", reading.message);
        else
            yg_fail_as(error, &reading);
        return NULL;
    }
    if (!yg_value_check_keys(root, "an included file", keys, sizeof keys / sizeof *keys, error))
        return NULL;
    if (!yg_read_format(root, error))
        return NULL;
    if (!yg_read_includes(model, yg_value_get(root, "include"), library, depth + 1, error) ||
        !yg_read_definitions(model, yg_value_get(root, "define"), library, error))
        return NULL;
    const yg_library **grown =
        yg_pool_grow(model->pool, model->included, model->included_count, sizeof *grown);
    if (!grown) {
        yg_fail_memory(error);
        return NULL;
    }
    model->included = grown;
    model->included[model->included_count++] = library;
    return library;
}

/* Makes the definitions that `from`'s own file has visible in `library`, under a prefix. */
static bool take_over(yg_model *model, const yg_library *from, const char *prefix, yg_origin origin,
                      yg_library *library, yg_error *error) {
    for (size_t i = 0; i < from->names.count; i++) {
        if (from->definitions[i]->library != from)
            continue; /* those that the file itself includes are not passed on */
        const char *name = from->names.names[i];
        if (prefix)
            name = yg_pool_format(model->pool, "%s.%s", prefix, name);
        yg_definition **grown =
            yg_pool_grow(model->pool, library->definitions, library->names.count, sizeof *grown);
        if (!name || !grown)
            return yg_fail_memory(error);
        if (yg_names_find(&library->names, name) != YG_NOT_FOUND) {
            return yg_fail(error, YG_ERROR_NAME, origin,
                           "%s '%s' is included twice; give one a prefix: {file: %s, as: other}",
                           yg_kind_of(from->definitions[i]), name, from->path);
        }
        library->definitions = grown;
        library->definitions[library->names.count] = from->definitions[i];
        if (!yg_names_add(&library->names, model->pool, name))
            return yg_fail_memory(error);
    }
    return true;
}

static const yg_key include_keys[] = {{"file", true, NULL, "text"}, {"as", false, NULL, "text"}};

const yg_key_table yg_include_keys = {include_keys, sizeof include_keys / sizeof *include_keys};

static bool read_include(yg_model *model, const yg_value *value, yg_library *library, int depth,
                         yg_error *error) {
    const yg_value *file = value;
    const char *prefix = NULL;
    if (value->kind == YG_MAPPING) {
        if (!yg_value_check_keys(value, "`include`", yg_include_keys.keys, yg_include_keys.count,
                                 error))
            return false;
        file = yg_value_get(value, "file");
        const yg_value *as = yg_value_get(value, "as");
        if (as && (!yg_value_text(as, "`as`", &prefix, error) ||
                   !yg_read_name(as, "a prefix", false, error)))
            return false;
    }
    const char *path;
    if (!yg_value_text(file, "`include`", &path, error))
        return false;
    const char *full =
        path[0] == '/' ? path : yg_pool_format(model->pool, "%s/%s", library->folder, path);
    if (!full)
        return yg_fail_memory(error);
    const yg_library *from = read_library(model, full, file->origin, depth, error);
    return from && take_over(model, from, prefix, file->origin, library, error);
}

bool yg_read_includes(yg_model *model, const yg_value *value, yg_library *library, int depth,
                      yg_error *error) {
    if (!value)
        return true;
    if (value->kind != YG_SEQUENCE)
        return read_include(model, value, library, depth, error);
    for (size_t i = 0; i < value->count; i++)
        if (!read_include(model, value->items[i], library, depth, error))
            return false;
    return true;
}
