/*
 * Mutated inputs for the fuzz targets without a fuzzer: the same in every run.
 */
#ifndef YG_TESTS_FUZZ_MUTATE_H
#define YG_TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* The most bytes that one mutation adds, and the most mutations of an input. */
#define MUTATION_BYTES 200
#define MUTATIONS      6

/* Changes bytes[0 .. size) in a few places and returns the new size; there is room for
 * MUTATIONS · MUTATION_BYTES more. `seed` and `stream` name one mutant. */
size_t mutate(uint8_t *bytes, size_t size, uint64_t seed, uint64_t stream);

#endif
