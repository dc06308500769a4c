/*
 * safetensors files that are not held in memory. Private to the library.
 */
#ifndef YG_DATA_SAFETENSORS_STREAM_H
#define YG_DATA_SAFETENSORS_STREAM_H

#include "npy.h"
#include "safetensors.h"

#include <stdio.h>

/* Called with each tensor: its name, its element type as the file spells it, its type, and where in
 * the file its data begin. Elements of a type that is not read have the size 0. False ends the
 * listing. */
typedef bool yg_safetensors_visit(void *context, const char *name, const char *dtype,
                                  const yg_array_type *type, int64_t offset, yg_error *error);

/* Lists the tensors of a file that is open and has `size` bytes, in the order of their data. `path`
 * stands for it in messages. Nothing of the data is read. */
bool yg_safetensors_list(int file, int64_t size, const char *path, yg_safetensors_visit *visit,
                         void *context, yg_error *error);

/* Says that a tensor's element type is not among those that are read, or (`computed`) that a
 * network computes in. Always returns false. */
bool yg_safetensors_refuse(const char *path, const char *tensor, const char *dtype, bool computed,
                           yg_error *error);

/* As yg_safetensors_write(), where the data of tensors[i] (whose `data` is not used) are all of
 * spools[i]. */
bool yg_safetensors_write_spools(const char *path, yg_tensor *tensors, FILE *const *spools,
                                 size_t count, yg_error *error);

#endif
