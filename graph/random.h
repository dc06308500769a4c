/*
 * Random numbers as functions: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011). There is no state: the same key and counter give the same bits, on
 * any machine and any number of threads.
 */
#ifndef YG_GRAPH_RANDOM_H
#define YG_GRAPH_RANDOM_H

#include <stdint.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Four 32-bit words from a 64-bit key and a 128-bit counter (high, low). */
void yg_philox(uint64_t key, uint64_t high, uint64_t low, uint32_t out[4]);

/* Uniform in [0, 1) with 53 random bits: number `index` of the stream (key, stream). */
double yg_random_uniform(uint64_t key, uint64_t stream, uint64_t index);

/* Standard normal (Box-Muller), likewise. */
double yg_random_normal(uint64_t key, uint64_t stream, uint64_t index);

/* Uniform integer in [0, bound), bound > 0, without modulo bias worth speaking of (64-bit
 * multiply-shift). */
uint64_t yg_random_below(uint64_t key, uint64_t stream, uint64_t index, uint64_t bound);

/* A stream or key from a name: FNV-1a, 64 bits. */
uint64_t yg_random_key(const char *name);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
