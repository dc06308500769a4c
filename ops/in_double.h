/*
 * Tile kernels for float that compute in double, because their terms cancel.
 */
#ifndef YG_OPS_IN_DOUBLE_H
#define YG_OPS_IN_DOUBLE_H

#include "elementwise.h"

/* Defines the tile `function` for float by the tile `wide` for double. A loop with both types would
 * not be vectorised on all machines: so a chunk is widened, computed and narrowed. */
#define YG_TILE_IN_DOUBLE(function, wide)                                                          \
    YG_MULTIVERSION static void function##_widen(double *to, const float *from, size_t n) {        \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) to[i] = (double)from[i];                \
    }                                                                                              \
    YG_MULTIVERSION static void function##_narrow(float *to, const double *from, size_t n) {       \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) to[i] = (float)from[i];                 \
    }                                                                                              \
    static void function(void *out, const void *const *in, size_t n, const yg_attr *attrs) {       \
        enum { CHUNK = 16 * YG_MATH_BLOCK };                                                       \
        double chunk[CHUNK];                                                                       \
        const void *const operand[] = {chunk};                                                     \
        for (size_t start = 0; start < n; start += CHUNK) {                                        \
            const size_t count = n - start < CHUNK ? n - start : CHUNK;                            \
            function##_widen(chunk, (const float *)in[0] + start, count);                          \
            wide(chunk, operand, count, attrs);                                                    \
            function##_narrow((float *)out + start, chunk, count);                                 \
        }                                                                                          \
    }

#endif
