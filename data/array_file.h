/*
 * Files of arrays: .npy and .npz of NumPy, .safetensors, and IDX files. Arrays are read a few rows
 * at a time, so that a file of any size takes little memory. Private to the library.
 *
 * A row is what an array has for one index of its first dimension.
 */
#ifndef YG_DATA_ARRAY_FILE_H
#define YG_DATA_ARRAY_FILE_H

#include "npy.h"

typedef struct yg_array_file yg_array_file;
typedef struct yg_array yg_array;

/* `origin` is the place that names the path, for the message that it cannot be opened. NULL on
 * failure. */
yg_array_file *yg_array_file_open(const char *path, yg_origin origin, yg_error *error);
void yg_array_file_close(yg_array_file *file); /* with its arrays; NULL is allowed */

/* Whether the file holds one array without a name: .npy and IDX. */
bool yg_array_file_is_single(const yg_array_file *file);

/* The array of that name, at its first row; a .npy or IDX file has one, whatever the name. Each
 * call begins anew. It belongs to the file. NULL on failure, also where there is none of that name.
 */
yg_array *yg_array_file_find(yg_array_file *file, const char *name, yg_error *error);

const yg_array_type *yg_array_type_of(const yg_array *array);

/* Reads the next `count` rows, which must be there, as the file has their bytes. */
bool yg_array_read(yg_array *array, int64_t count, void *bytes, yg_error *error);

#endif
