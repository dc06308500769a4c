/*
 * The formats of arrays, told by the ending of a path. Private to train/.
 */
#ifndef YG_TRAIN_ARRAY_PATH_H
#define YG_TRAIN_ARRAY_PATH_H

typedef enum yg_array_format {
    YG_ARRAY_NONE, /* another file, such as CSV */
    YG_ARRAY_NPY,
    YG_ARRAY_NPZ,
    YG_ARRAY_SAFETENSORS,
} yg_array_format;

yg_array_format yg_array_format_of(const char *path);

#endif
