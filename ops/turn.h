/*
 * Transposes matrices of elements: the inner part of every copy that changes which dimension is
 * contiguous, and of kernels that compute several rows side by side, one in each lane of a vector.
 */
#ifndef YG_OPS_TURN_H
#define YG_OPS_TURN_H

#include "gemm.h"

#include <stddef.h>
#include <stdint.h>

/* to[r * to_stride + c] = from[r + c * from_stride] for each r < rows and c < columns. Strides are
 * in elements. The two do not overlap. Nothing else is read or written. */
typedef void (*yg_turn)(void *to, int64_t to_stride, const void *from, int64_t from_stride,
                        int64_t rows, int64_t columns);

/* The fastest for elements of 1, 4 or 8 bytes on this processor. */
yg_turn yg_turn_for(size_t element);

/* The one for a set of instructions, for tests; the processor must have it. */
yg_turn yg_turn_choose(size_t element, yg_gemm_isa isa);

#endif
