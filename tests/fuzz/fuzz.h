/*
 * Fuzz targets: each takes any bytes, and aborts where a promise of the library is broken.
 *
 * Built with YG_FUZZ (clang), each is a libFuzzer program, as in
 *
 *     cmake -B build/fuzz -DYG_FUZZ=ON -DCMAKE_C_COMPILER=clang && cmake --build build/fuzz
 *     build/fuzz/tests/fuzz_document -max_total_time=60 build/corpus models
 *
 * and test_mutations.c runs them over mutated texts in every build.
 */
#ifndef YG_TESTS_FUZZ_H
#define YG_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* All return 0, as libFuzzer wants it. */
int fuzz_document(const uint8_t *bytes, size_t size);
int fuzz_expression(const uint8_t *bytes, size_t size);
int fuzz_model(const uint8_t *bytes, size_t size);
int fuzz_safetensors(const uint8_t *bytes, size_t size);
int fuzz_csv(const uint8_t *bytes, size_t size);

#endif
