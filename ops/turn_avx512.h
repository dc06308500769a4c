/*
 * Transposing with AVX-512F. See turn.h.
 */
#ifndef YG_OPS_TURN_AVX512_H
#define YG_OPS_TURN_AVX512_H

#include "turn.h"

void yg_turn_4_avx512(void *to, int64_t to_stride, const void *from, int64_t from_stride,
                      int64_t rows, int64_t columns);
void yg_turn_8_avx512(void *to, int64_t to_stride, const void *from, int64_t from_stride,
                      int64_t rows, int64_t columns);

#endif
