/*
 * The formats of arrays, told by the ending of a path. Private to the library.
 */
#ifndef YG_DATA_ARRAY_PATH_H
#define YG_DATA_ARRAY_PATH_H

#include <stdbool.h>

typedef enum yg_array_format {
    YG_ARRAY_NONE, /* another file, such as CSV */
    YG_ARRAY_NPY,
    YG_ARRAY_NPZ,
    YG_ARRAY_IDX, /* also one that gzip has compressed */
    YG_ARRAY_SAFETENSORS,
} yg_array_format;

yg_array_format yg_array_format_of(const char *path);

/* Whether the file is one that gzip has compressed. */
bool yg_path_is_gzip(const char *path);

#endif
