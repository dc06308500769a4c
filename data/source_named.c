/*
 * Tables that somebody names beside the model, as sources: see source.h.
 */
#include "source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void *yg_table_source_new(const yg_reading *reading, const yg_table_kind *kind,
                          const yg_table_request *request, const yg_value *map, yg_error *error) {
    yg_paths paths = {0};
    if (request->path) {
        paths.items = calloc(1, sizeof *paths.items);
        if (!paths.items || !(paths.items[paths.count++] = strdup(request->path))) {
            free(paths.items);
            yg_fail_memory(error);
            return NULL;
        }
    }
    return yg_table_source_make(reading, kind, request, paths, map, error);
}

/* What kind of table a file is that somebody names beside the model. `open`: it is only open, and
 * may be a pipe. */
static const yg_table_kind *kind_of_file(const yg_model *model, const char *path, bool open) {
    const yg_table_kind *kind = yg_table_kind_of_path(path);
    const yg_value *section = yg_model_section(model, "data");
    const yg_value *train =
        section && section->kind == YG_MAPPING ? yg_value_get(section, "train") : NULL;
    const yg_table_kind *trained = train ? yg_table_kind_of(train) : NULL;
    struct stat status;
    if (!open && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return &yg_table_images;
    if (kind == &yg_table_text && trained != kind)
        kind = NULL; /* the end .txt tells little */
    if (!kind)
        kind = trained && !(open && trained->by_path) ? trained : &yg_table_csv;
    return kind;
}

/* Several files must be of one kind, or their rows cannot be one table. */
static bool check_kinds(const yg_model *model, const yg_table_kind *kind, const char *const *files,
                        size_t count, yg_error *error) {
    for (size_t i = 1; i < count; i++) {
        const yg_table_kind *other = kind_of_file(model, files[i], false);
        if (other != kind)
            return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                           "'%s' is read as %s, but '%s' as %s; give files of one kind", files[0],
                           kind->key, files[i], other->key);
    }
    return true;
}

void *yg_table_source_of(const yg_reading *reading, const yg_table_request *request,
                         const char *const *files, size_t count, yg_error *error) {
    yg_table_request own = *request;
    yg_paths paths = {0};
    const char *first = request->file ? request->name : files[0];
    const yg_table_kind *kind = kind_of_file(reading->model, first, request->file != NULL);
    own.part = yg_table_training_part(reading->model, kind);
    if (request->file && kind->by_path) {
        yg_fail(error, YG_ERROR_IO, (yg_origin){first, 0, 0},
                "%s are read by their path, not from a pipe", kind->key);
        return NULL;
    }
    if (request->file)
        return yg_table_source_make(reading, kind, &own, paths, NULL, error);
    bool good = check_kinds(reading->model, kind, files, count, error);
    if (good && !(paths.items = calloc(count + 1, sizeof *paths.items)))
        good = yg_fail_memory(error);
    for (size_t i = 0; good && i < count; i++)
        if ((paths.items[i] = strdup(files[i])))
            paths.count++;
        else
            good = yg_fail_memory(error);
    if (good)
        return yg_table_source_make(reading, kind, &own, paths, NULL, error);
    yg_paths_free(&paths);
    return NULL;
}
