/*
 * The container of .npz files: zip, with entries that are stored or deflated. Private to the
 * library.
 *
 * The format: PKWARE's APPNOTE.TXT. An archive is not trusted: each length and offset is checked
 * before use.
 */
#ifndef YG_DATA_ZIP_H
#define YG_DATA_ZIP_H

#include "../graph/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct yg_zip_entry {
    char *name;
    bool deflated;
    uint32_t checksum;        /* CRC-32 of the data */
    int64_t offset;           /* of the entry's local header; then see yg_zip_data_offset() */
    int64_t size, compressed; /* bytes of the data, and of what stands in the archive */
} yg_zip_entry;

typedef struct yg_zip {
    size_t count;
    yg_zip_entry *entries;
} yg_zip;

/* Lists the entries of the archive that is open as `file` and has `size` bytes. `path` stands for
 * it in messages. Freed by yg_zip_free(), also after a failure. */
bool yg_zip_list(int file, int64_t size, const char *path, yg_zip *zip, yg_error *error);
void yg_zip_free(yg_zip *zip); /* what it holds, not the struct */

/* Where the entry's data begin. -1 on failure. */
int64_t yg_zip_data_offset(int file, int64_t size, const char *path, const yg_zip_entry *entry,
                           yg_error *error);

/* The CRC-32 of the bytes that gave `before`, followed by these; 0 before all. */
uint32_t yg_checksum(uint32_t before, const void *bytes, size_t size);

/* What stands before the data of an entry that is to be written, stored; and the directory behind
 * the last entry. *size becomes the length. Freed by the caller; NULL when out of memory. */
unsigned char *yg_zip_head(const yg_zip_entry *entry, size_t *size);
unsigned char *yg_zip_directory(const yg_zip *zip, int64_t begin, size_t *size);

#endif
