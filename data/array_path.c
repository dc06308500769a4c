/*
 * Endings of paths: see array_path.h.
 */
#include "array_path.h"

#include <string.h>

static bool ends_with(const char *path, const char *ending) {
    const size_t length = strlen(path), size = strlen(ending);
    return length >= size && strcmp(path + length - size, ending) == 0;
}

bool yg_path_is_gzip(const char *path) {
    return ends_with(path, ".gz");
}

yg_array_format yg_array_format_of(const char *path) {
    static const struct {
        const char *ending;
        yg_array_format format;
    } known[] = {{".npy", YG_ARRAY_NPY},
                 {".npz", YG_ARRAY_NPZ},
                 {".idx", YG_ARRAY_IDX},
                 {".idx.gz", YG_ARRAY_IDX},
                 {"-ubyte", YG_ARRAY_IDX},
                 {"-ubyte.gz", YG_ARRAY_IDX},
                 {".safetensors", YG_ARRAY_SAFETENSORS}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ends_with(path, known[i].ending))
            return known[i].format;
    return YG_ARRAY_NONE;
}
