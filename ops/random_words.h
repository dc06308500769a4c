/*
 * Random words for many counters that follow each other. The kernels of random operators draw a
 * block of words, then make numbers of them in a plain loop.
 */
#ifndef YG_OPS_RANDOM_WORDS_H
#define YG_OPS_RANDOM_WORDS_H

#include "gemm.h"

#include <stdint.h>

/* Words of one call of Philox. */
enum { YG_RANDOM_WORDS = 4 };

/* out[4 · i + k] is word k of yg_philox(key, high, low + i), for each i < count. */
typedef void (*yg_random_words_kernel)(uint64_t key, uint64_t high, uint64_t low, int64_t count,
                                       uint32_t *out);

/* The fastest for this processor. */
void yg_random_words(uint64_t key, uint64_t high, uint64_t low, int64_t count, uint32_t *out);

/* The one for a set of instructions, for tests; the processor must have it. */
yg_random_words_kernel yg_random_words_choose(yg_gemm_isa isa);

#endif
