/*
 * Philox4x32-10 as an inline function, for loops that compute several numbers in the lanes of a
 * vector. All other code calls yg_philox() of random.h.
 *
 * Source of the algorithm and its constants: Salmon, Moraes, Dror, Shaw, "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011, section 4.
 */
#ifndef YG_GRAPH_PHILOX_H
#define YG_GRAPH_PHILOX_H

#include <stdint.h>

static inline __attribute__((always_inline)) void yg_philox_words(uint64_t key, uint64_t high,
                                                                  uint64_t low, uint32_t out[4]) {
    const uint32_t multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
    const uint32_t weyl0 = 0x9E3779B9, weyl1 = 0xBB67AE85; /* golden ratio, sqrt(3) - 1 */
    uint32_t key0 = (uint32_t)key, key1 = (uint32_t)(key >> 32);
    uint32_t c0 = (uint32_t)low, c1 = (uint32_t)(low >> 32);
    uint32_t c2 = (uint32_t)high, c3 = (uint32_t)(high >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        const uint64_t product0 = (uint64_t)multiplier0 * c0;
        const uint64_t product1 = (uint64_t)multiplier1 * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
        c3 = (uint32_t)product0;
        key0 += weyl0;
        key1 += weyl1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

#endif
