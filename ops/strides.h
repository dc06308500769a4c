/*
 * Walks over a strided tensor in row-major order. `index` works like the wheels of an odometer: the
 * last dimension turns fastest. size, stride and index have `rank` entries; strides and offsets are
 * in elements.
 */
#ifndef YG_OPS_STRIDES_H
#define YG_OPS_STRIDES_H

#include <stdint.h>

/* Moves `index` on by one element. Takes the offset of the element before and returns the new one.
 * After the last element both start again at zero. */
static inline int64_t yg_strides_next(int rank, const int64_t *size, const int64_t *stride,
                                      int64_t *index, int64_t offset) {
    for (int d = rank; d-- > 0;) {
        offset += stride[d];
        if (++index[d] < size[d])
            return offset;
        offset -= size[d] * stride[d];
        index[d] = 0;
    }
    return offset;
}

/* Sets `index` to the element at row-major position `at`, and returns its offset. */
static inline int64_t yg_strides_seek(int rank, const int64_t *size, const int64_t *stride,
                                      int64_t *index, int64_t at) {
    int64_t offset = 0;
    for (int d = rank; d-- > 0;) {
        index[d] = at % size[d];
        at /= size[d];
        offset += index[d] * stride[d];
    }
    return offset;
}

#endif
