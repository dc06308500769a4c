/*
 * Copies a box of elements between strided tensors: the kernel of permute, broadcast, slice and
 * pad.
 */
#ifndef YG_OPS_COPY_H
#define YG_OPS_COPY_H

#include "../graph/type.h"

/* The shape of a box, and how it lies in the two buffers. Strides are in elements. A source stride
 * may be 0 (broadcast) or negative (flip). */
typedef struct yg_box {
    int rank;
    int64_t size[YG_MAX_RANK];
    int64_t to_stride[YG_MAX_RANK];   /* in the buffer that is written */
    int64_t from_stride[YG_MAX_RANK]; /* in the buffer that is read */
} yg_box;

/* Copies every element of the box. `to` and `from` point at the element with index 0 in every
 * dimension; the two boxes must not overlap. `element` is its size in bytes: 1, 4 or 8. */
void yg_copy_box(const yg_box *box, size_t element, void *to, const void *from);

/* memcpy(), which is eight times slower on some processors where `to` lies less than a cache line
 * behind `from`, pages left aside. Rows that move by a few elements are such copies. */
void yg_copy_bytes(void *to, const void *from, size_t bytes);

/* Writes `count` copies of the element at `value` to `to`, one after the other. */
void yg_copy_fill(size_t element, void *to, int64_t count, const void *value);

#endif
