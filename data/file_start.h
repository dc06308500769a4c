/*
 * What a file is that was taken for a table, by its first bytes. Private to the library.
 */
#ifndef YG_DATA_FILE_START_H
#define YG_DATA_FILE_START_H

#include <stddef.h>

/* What bytes[0 .. size) begin, and what to do with it: "it is a Parquet file; …". NULL: text
 * perhaps. */
const char *yg_file_start(const unsigned char *bytes, size_t size);

#endif
