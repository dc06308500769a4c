/*
 * Reading pieces of a file that is too large to hold in memory. Private to the library.
 */
#ifndef YG_DATA_READ_AT_H
#define YG_DATA_READ_AT_H

#include "../graph/error.h"

#include <stddef.h>
#include <stdint.h>

/* Reads exactly `size` bytes at an offset. `path` stands for the file in messages. False on
 * failure, also where the file ends before. */
bool yg_read_at(int file, int64_t offset, void *bytes, size_t size, const char *path,
                yg_error *error);

#endif
