/*
 * Fuzz targets: each takes any bytes, and aborts where a promise of the library is broken.
 *
 * test_mutations.c runs them over mutated texts in every build, whatever the compiler. With YG_FUZZ
 * (clang) each is a libFuzzer program too: `./dev lint` builds those and runs each for a few
 * seconds, and one runs for longer by hand:
 *
 *     cmake -B build/fuzz -DYG_FUZZ=ON -DCMAKE_C_COMPILER=clang-14 && cmake --build build/fuzz
 *     build/fuzz/tests/fuzz_document -max_total_time=60 build/corpus models
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
int fuzz_jsonl(const uint8_t *bytes, size_t size);
int fuzz_text(const uint8_t *bytes, size_t size);
int fuzz_sqlite(const uint8_t *bytes, size_t size);
int fuzz_image(const uint8_t *bytes, size_t size);
int fuzz_columns(const uint8_t *bytes, size_t size);
int fuzz_step(const uint8_t *bytes, size_t size);
int fuzz_arrays(const uint8_t *bytes, size_t size);
int fuzz_weights(const uint8_t *bytes, size_t size);

/* The model that fuzz_weights() gives its weights to; its data are in rows.csv. */
extern const char fuzz_weights_model[];

/* A temporary file with these bytes, for calls that take a path; `path` is a template of mkstemp().
 * Not yg_file_write(), which waits for the disk. Removed by the caller, with unlink(). */
void fuzz_file(char *path, const uint8_t *bytes, size_t size);

#endif
