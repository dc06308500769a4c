/*
 * IDX, the format of MNIST and its successors: a header with the element type and the dimensions,
 * then all elements, the last dimension fastest, big-endian. Private to the library.
 *
 * The format: "THE IDX FILE FORMAT", http://yann.lecun.com/exdb/mnist/. A header is not trusted.
 */
#ifndef YG_DATA_IDX_H
#define YG_DATA_IDX_H

#include "npy.h"

enum { YG_IDX_PREFIX = 4, YG_IDX_HEADER_CAP = YG_IDX_PREFIX + 4 * YG_MAX_RANK };

/* How long a header is, from the first YG_IDX_PREFIX bytes of a file. 0 on failure. `name` stands
 * for the file in messages. */
size_t yg_idx_length(const unsigned char *bytes, const char *name, yg_error *error);

/* Reads a header of that length. It cannot fail once its length is known. */
void yg_idx_parse(const unsigned char *bytes, yg_array_type *type);

#endif
