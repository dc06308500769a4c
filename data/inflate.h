/*
 * Decompressing "deflate", the method of zip and gzip, by zlib: data of a known size, once. (gzip.h
 * is for texts of any size, and goes back in them.) Private to the library.
 */
#ifndef YG_DATA_INFLATE_H
#define YG_DATA_INFLATE_H

#include "../graph/error.h"

#include <stddef.h>

typedef struct yg_inflater yg_inflater;

/* Where an inflater gets compressed bytes: up to `size`; 0 at the end, -1 on failure, whose message
 * it has recorded. */
typedef long yg_byte_source(void *context, unsigned char *bytes, size_t size, yg_error *error);

/* NULL on failure: there is no zlib. `gzip`: the data have gzip's header and checksum, which are
 * checked. `name` stands for the file in messages. */
yg_inflater *yg_inflater_new(yg_byte_source *source, void *context, bool gzip, const char *name,
                             yg_error *error);
/* Decompresses exactly `size` bytes. False on failure: the data are damaged, or end before. */
bool yg_inflater_read(yg_inflater *inflater, void *bytes, size_t size, yg_error *error);
/* To be called after the last byte: fails if the data go on, or if gzip's checksum is wrong. */
bool yg_inflater_finish(yg_inflater *inflater, yg_error *error);
void yg_inflater_free(yg_inflater *inflater); /* NULL is allowed */

#endif
