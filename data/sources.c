/*
 * The list of sources: a new one is a file and a line here.
 */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const yg_source *const sources[] = {&yg_source_csv, &yg_source_array, &yg_source_rows};

const yg_source *yg_source_of(const yg_value *part) {
    const size_t last = sizeof sources / sizeof *sources - 1; /* it has no key: it takes the rest */
    size_t i = 0;
    while (i < last && !yg_value_get(part, sources[i]->key))
        i++;
    return sources[i];
}

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
