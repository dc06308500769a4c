/*
 * Tables that somebody names beside the model, as sources: see source.h.
 */
#include "column.h"
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

/* Whether the file is rows of text for the only column that the model reads: it is no table that
 * has that column. A pipe is not looked into: what is read of it to find out would be lost. */
static bool is_rows_of_text(const yg_reading *reading, const yg_table_kind *trained,
                            const char *path) {
    const yg_port_encoding *found = NULL;
    size_t columns = 0;
    for (size_t p = 0; p < reading->data->encoding.count; p++)
        if (yg_reading_wants(reading, p)) {
            found = &reading->data->encoding.ports[p];
            columns += found->column_count;
        }
    if (columns != 1 || !found->column_count || !found->encoders || !found->encoders[0] ||
        found->encoders[0]->kind != &yg_column_text)
        return false;
    struct stat status;
    if (trained != &yg_table_csv || (stat(path, &status) == 0 && !S_ISREG(status.st_mode)))
        return true;
    const yg_table_request request = {
        .path = path, .name = path, .part = yg_table_training_part(reading->model, trained)};
    yg_table *table = yg_table_open(trained, &request, NULL);
    const bool is = !table || yg_table_find(table, found->columns[0]) == SIZE_MAX;
    yg_table_close(table);
    return is;
}

/* What kind of table a file is that somebody names beside the model. `open`: it is only open, and
 * may be a pipe. */
static const yg_table_kind *kind_of_file(const yg_reading *reading, const char *path, bool open) {
    const yg_model *model = reading->model;
    const yg_table_kind *kind = yg_table_kind_of_path(path);
    const yg_value *section = yg_model_section(model, "data");
    const yg_value *train =
        section && section->kind == YG_MAPPING ? yg_value_get(section, "train") : NULL;
    const yg_table_kind *trained = train ? yg_table_kind_of(train) : NULL;
    struct stat status;
    if (!open && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return &yg_table_images;
    if (kind == &yg_table_text && trained != kind &&
        (open || !trained || !is_rows_of_text(reading, trained, path)))
        kind = NULL; /* the end .txt tells little */
    if (!kind)
        kind = trained && !(open && trained->by_path) ? trained : &yg_table_csv;
    return kind;
}

/* Several files must be of one kind, or their rows cannot be one table. */
static bool check_kinds(const yg_reading *reading, const yg_table_kind *kind,
                        const char *const *files, size_t count, yg_error *error) {
    for (size_t i = 1; i < count; i++) {
        const yg_table_kind *other = kind_of_file(reading, files[i], false);
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
    const yg_table_kind *kind = kind_of_file(reading, first, request->file != NULL);
    own.part = yg_table_training_part(reading->model, kind);
    if (request->file && kind->by_path) {
        yg_fail(error, YG_ERROR_IO, (yg_origin){first, 0, 0},
                "%s are read by their path, not from a pipe", kind->key);
        return NULL;
    }
    if (request->file)
        return yg_table_source_make(reading, kind, &own, paths, NULL, error);
    bool good = check_kinds(reading, kind, files, count, error);
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
