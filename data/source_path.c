/*
 * Paths in the `data:` section: see source.h.
 */
#include "source.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder that a path starts from: that of the file that names it. A value without a place in a
 * file was given on the command line, where paths start from the current folder. */
static const char *folder_of(const yg_reading *reading, const yg_value *value) {
    const char *folder = yg_model_folder(reading->model, "data");
    return value->origin.line && *folder && strcmp(folder, ".") != 0 ? folder : "";
}

/* folder/path; with `pattern`, what the folder's own name has of a pattern's characters is escaped.
 */
static char *join(const char *folder, const char *path, bool pattern) {
    const size_t size = 2 * strlen(folder) + strlen(path) + 2;
    char *joined = malloc(size), *end = joined;
    if (!joined)
        return NULL;
    for (const char *c = path[0] == '/' ? "" : folder; *c; c++) {
        if (pattern && strchr("*?[]\\", *c))
            *end++ = '\\';
        *end++ = *c;
    }
    if (end > joined)
        *end++ = '/';
    memcpy(end, path, strlen(path) + 1);
    return joined;
}

static bool path_text(const yg_value *value, const char *what, const char **path, yg_error *error) {
    char quoted[100];
    snprintf(quoted, sizeof quoted, "`%.90s`", what);
    return yg_value_text(value, quoted, path, error);
}

char *yg_source_path(const yg_reading *reading, const yg_value *value, const char *what,
                     yg_error *error) {
    const char *path;
    if (!path_text(value, what, &path, error))
        return NULL;
    char *joined = join(folder_of(reading, value), path, false);
    if (!joined)
        yg_fail_memory(error);
    return joined;
}

const yg_value *yg_table_training_part(const yg_model *model, const yg_table_kind *kind) {
    const yg_value *section = yg_model_section(model, "data");
    const yg_value *train =
        section && section->kind == YG_MAPPING ? yg_value_get(section, "train") : NULL;
    return train && yg_table_kind_of(train) == kind ? train : NULL;
}

const yg_value *yg_table_keys_of(const yg_model *model, const yg_value *part) {
    const yg_value *train =
        part->origin.line ? NULL : yg_table_training_part(model, yg_table_kind_of(part));
    return train ? train : part;
}

/* --------------------------------------------------------------------------------- patterns -- */

/* Appends a path, which is owned from now on; NULL: there was no memory for it. */
static bool add_path(yg_paths *paths, char *path, yg_error *error) {
    char **grown = path ? realloc(paths->items, (paths->count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(path);
        return yg_fail_memory(error);
    }
    paths->items = grown;
    grown[paths->count++] = path;
    return true;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files of a pattern, sorted by bytes: in the same order in every locale. */
static bool add_pattern(const yg_reading *reading, const yg_value *value, yg_paths *paths,
                        yg_error *error) {
    char *pattern = join(folder_of(reading, value), value->text, true);
    const size_t before = paths->count;
    glob_t found = {0};
    if (!pattern)
        return yg_fail_memory(error);
    const int status = glob(pattern, GLOB_NOSORT, NULL, &found);
    bool good = status == 0 || status == GLOB_NOMATCH || yg_fail_memory(error);
    for (size_t i = 0; good && status == 0 && i < found.gl_pathc; i++)
        good = add_path(paths, strdup(found.gl_pathv[i]), error);
    if (status == 0)
        globfree(&found);
    free(pattern);
    if (good && paths->count == before)
        return yg_fail(error, YG_ERROR_IO, value->origin, "no file matches '%s'", value->text);
    if (good)
        qsort(paths->items + before, paths->count - before, sizeof *paths->items, by_bytes);
    return good;
}

static bool add_value(const yg_reading *reading, const yg_value *value, const char *what,
                      yg_paths *paths, yg_error *error) {
    char *path = yg_source_path(reading, value, what, error);
    if (!path)
        return false;
    /* A file of that very name goes before a pattern. */
    if (!strpbrk(value->text, "*?[") || access(path, F_OK) == 0)
        return add_path(paths, path, error);
    free(path);
    return add_pattern(reading, value, paths, error);
}

bool yg_source_paths(const yg_reading *reading, const yg_value *value, const char *what,
                     yg_paths *paths, yg_error *error) {
    *paths = (yg_paths){0};
    if (value->kind != YG_SEQUENCE)
        return add_value(reading, value, what, paths, error);
    if (!value->count)
        return yg_fail(error, YG_ERROR_DATA, value->origin, "`%s` names no file", what);
    for (size_t i = 0; i < value->count; i++)
        if (!add_value(reading, value->items[i], what, paths, error))
            return false;
    return true;
}

void yg_paths_free(yg_paths *paths) {
    for (size_t i = 0; i < paths->count; i++)
        free(paths->items[i]);
    free(paths->items);
    *paths = (yg_paths){0};
}
