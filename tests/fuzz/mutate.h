/*
 * Mutated inputs for the fuzz targets without a fuzzer: the same in every run.
 */
#ifndef YG_TESTS_FUZZ_MUTATE_H
#define YG_TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* One mutation adds so many bytes at most, and an input gets so many mutations at most. */
#define MUTATION_BYTES 200
#define MUTATIONS      6

/* Changes bytes[0 .. size) in a few places and returns the new size; there is room for
 * MUTATIONS · MUTATION_BYTES more. `seed` and `stream` name one mutant. */
size_t mutate(uint8_t *bytes, size_t size, uint64_t seed, uint64_t stream);

#endif
