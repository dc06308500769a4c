/*
 * Random numbers without state: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011). A number is a function of a key and a counter. The same
 * key and counter give the same bits on any machine and with any number of threads.
 */
#ifndef YG_GRAPH_RANDOM_H
#define YG_GRAPH_RANDOM_H

#include <stdint.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Four random 32-bit words for a 64-bit key and a 128-bit counter with the halves high and low. */
void yg_philox(uint64_t key, uint64_t high, uint64_t low, uint32_t out[4]);

/* Number `index` of the stream (key, stream): uniform in [0, 1), with 53 random bits. */
double yg_random_uniform(uint64_t key, uint64_t stream, uint64_t index);

/* The same with the standard normal distribution (Box-Muller). */
double yg_random_normal(uint64_t key, uint64_t stream, uint64_t index);

/* The same as a uniform integer in [0, bound), bound > 0. No number is more likely than another by
 * more than bound / 2^64 (64-bit multiply-shift). */
uint64_t yg_random_below(uint64_t key, uint64_t stream, uint64_t index, uint64_t bound);

/* A key or stream made from a name, its FNV-1a hash. */
uint64_t yg_random_key(const char *name);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
