/*
 * Copies between strided tensors: what permute, broadcast, slice, pad and concat do with bytes.
 */
#ifndef YG_OPS_COPY_H
#define YG_OPS_COPY_H

#include "../graph/type.h"

/* A box of elements in two buffers. Strides are in elements; a source stride of 0 repeats, a
 * negative one runs backwards. */
typedef struct yg_copy {
    int rank;
    int64_t size[YG_MAX_RANK];
    int64_t to_stride[YG_MAX_RANK];
    int64_t from_stride[YG_MAX_RANK];
} yg_copy;

/* Copies every element of the box; `to` and `from` point at its first element and do not overlap.
 * `element` is yg_dtype_size(). */
void yg_copy_box(const yg_copy *box, size_t element, void *to, const void *from);

/* Writes `count` copies of the element at `value`. */
void yg_copy_fill(size_t element, void *to, int64_t count, const void *value);

#endif
