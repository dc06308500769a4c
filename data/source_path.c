/*
 * Paths in the `data:` section: see source.h.
 */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *yg_source_path(const yg_reading *reading, const yg_value *value, const char *what,
                     yg_error *error) {
    const char *folder = yg_model_folder(reading->model, "data"), *path;
    char quoted[100];
    snprintf(quoted, sizeof quoted, "`%.90s`", what);
    if (!yg_value_text(value, quoted, &path, error))
        return NULL;
    const size_t size = strlen(folder) + strlen(path) + 2;
    char *joined = malloc(size);
    if (!joined)
        yg_fail_memory(error);
    else if (path[0] == '/' || !*folder || strcmp(folder, ".") == 0)
        memcpy(joined, path, strlen(path) + 1);
    else
        snprintf(joined, size, "%s/%s", folder, path);
    return joined;
}
