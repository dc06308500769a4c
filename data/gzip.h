/*
 * gzip data of any length, one or several members, with random access. Private to the library.
 *
 * Deflated data can be read only from a place that was reached before: a reader needs the 32 KiB
 * before it, and which bit comes next. So every few MiB such a place is kept while the data are
 * read. To go to a place, the nearest kept one before it is restored, and what is between is
 * decompressed.
 */
#ifndef YG_DATA_GZIP_H
#define YG_DATA_GZIP_H

#include "../graph/error.h"

#include <stddef.h>
#include <stdint.h>

enum { YG_GZIP_PIECE = 64 * 1024 }; /* compressed bytes that are read at once */

typedef struct yg_gzip yg_gzip;

/* The compressed file. */
typedef struct yg_gzip_file {
    /* Reads up to `size` bytes: 0 at the end, -1 on failure. */
    long (*read)(void *context, unsigned char *bytes, size_t size, yg_error *error);
    /* Goes to a byte of the file. NULL: it cannot, and no places are kept. */
    bool (*seek)(void *context, int64_t place, yg_error *error);
    void *context;
    int64_t begin;    /* the place of its first byte */
    const char *name; /* in messages; outlives the reader */
} yg_gzip_file;

/* `bytes`, at most YG_GZIP_PIECE, are the first of the file and have been read already. NULL on
 * failure. */
yg_gzip *yg_gzip_new(const yg_gzip_file *file, const unsigned char *bytes, size_t size,
                     yg_error *error);
void yg_gzip_free(yg_gzip *gzip); /* NULL is allowed */

/* Decompresses up to `room` bytes, and reads the file at most once. Returns their number, which may
 * be 0 before the end, or -1 on failure: the data are damaged or cut off. Checksums are compared
 * where a member is read from its beginning. */
long yg_gzip_read(yg_gzip *gzip, unsigned char *to, size_t room, bool *ended, yg_error *error);

/* True if yg_gzip_read() can give bytes, or take a step, without reading the file. */
bool yg_gzip_has_more(const yg_gzip *gzip);

/* Goes to a place at or before *offset, which becomes that place. */
bool yg_gzip_seek(yg_gzip *gzip, int64_t *offset, yg_error *error);

#endif
