/*
 * NumPy's format of one array: a magic number, a header that is a Python dictionary, the data.
 * Private to the library.
 *
 * The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. A header is
 * not trusted: each length and size is checked before use.
 */
#ifndef YG_DATA_NPY_H
#define YG_DATA_NPY_H

#include "element_kind.h"

/* An array as its file describes it. */
typedef struct yg_array_type {
    yg_element_kind kind;
    int rank;
    int64_t shape[YG_MAX_RANK];
    bool columns_first; /* Fortran's order: the first index is the fastest */
} yg_array_type;

enum { YG_NPY_PREFIX = 12, YG_NPY_HEADER_CAP = 1 << 16 };

/* How long header and what precedes it are, from the first YG_NPY_PREFIX bytes of a file (`size` if
 * the file has fewer). 0 on failure. `name` stands for the file in messages, as in all of these. */
size_t yg_npy_length(const unsigned char *bytes, size_t size, const char *name, yg_error *error);

/* Reads a header of that length, its prefix included. */
bool yg_npy_parse(const unsigned char *bytes, size_t length, const char *name, yg_array_type *type,
                  yg_error *error);

/* Bytes of an array's data; fails where they are more than memory can address. */
bool yg_array_bytes(const yg_array_type *type, const char *name, int64_t *bytes, yg_error *error);

/* "f32[100, 784]", as yg_type_text(): also "f16[3]", "u8[2, 2]". Returns `text`, of YG_TYPE_TEXT.
 */
const char *yg_array_text(const yg_array_type *type, char *text);

/* The prefix and header of an array that is to be written; *size becomes its length, a multiple of
 * 64. Freed by the caller; NULL when out of memory. */
char *yg_npy_header(const yg_type *type, size_t *size);

#endif
