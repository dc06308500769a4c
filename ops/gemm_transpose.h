/*
 * Small transposes for packing: `rows` rows of 16 bytes each, `from_step` apart, become columns.
 * In vectors of 16 bytes as many rows as these have numbers; in vectors of 32 bytes twice as many,
 * each half of a vector on its own; in vectors of 64 bytes four times. Steps are in elements.
 */
#ifndef YG_OPS_GEMM_TRANSPOSE_H
#define YG_OPS_GEMM_TRANSPOSE_H

#include <stdint.h>

#define GEMM_VECTOR(type, bytes)                                                                   \
    type __attribute__((vector_size(bytes), aligned(sizeof(type)), may_alias))

typedef GEMM_VECTOR(float, 16) gemm_4_floats;
typedef GEMM_VECTOR(double, 16) gemm_2_doubles;

static inline void transpose_4_floats(float *to, int64_t to_step, const float *from,
                                      int64_t from_step) {
    typedef gemm_4_floats vector;
    const vector r0 = *(const vector *)from, r1 = *(const vector *)(from + from_step);
    const vector r2 = *(const vector *)(from + 2 * from_step);
    const vector r3 = *(const vector *)(from + 3 * from_step);
    const vector low01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5);
    const vector low23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5);
    const vector high01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
    const vector high23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
    *(vector *)to = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
    *(vector *)(to + to_step) = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
    *(vector *)(to + 2 * to_step) = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
    *(vector *)(to + 3 * to_step) = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

static inline void transpose_2_doubles(double *to, int64_t to_step, const double *from,
                                       int64_t from_step) {
    typedef gemm_2_doubles vector;
    const vector r0 = *(const vector *)from, r1 = *(const vector *)(from + from_step);
    *(vector *)to = __builtin_shufflevector(r0, r1, 0, 2);
    *(vector *)(to + to_step) = __builtin_shufflevector(r0, r1, 1, 3);
}

#if defined(__x86_64__) && defined(__GNUC__)
typedef GEMM_VECTOR(float, 32) gemm_8_floats;
typedef GEMM_VECTOR(double, 32) gemm_4_doubles;

/* The 16 bytes of row i, and above them those of the row that is half a vector's count on. */
__attribute__((target("avx2"), always_inline)) static inline gemm_8_floats
two_rows_of_floats(const float *from, int64_t step) {
    const gemm_4_floats low = *(const gemm_4_floats *)from;
    const gemm_4_floats high = *(const gemm_4_floats *)(from + 4 * step);
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
}

__attribute__((target("avx2"), always_inline)) static inline void
transpose_8_floats(float *to, int64_t to_step, const float *from, int64_t from_step) {
    typedef gemm_8_floats vector;
    const vector r0 = two_rows_of_floats(from, from_step);
    const vector r1 = two_rows_of_floats(from + from_step, from_step);
    const vector r2 = two_rows_of_floats(from + 2 * from_step, from_step);
    const vector r3 = two_rows_of_floats(from + 3 * from_step, from_step);
    const vector low01 = __builtin_shufflevector(r0, r1, 0, 8, 1, 9, 4, 12, 5, 13);
    const vector low23 = __builtin_shufflevector(r2, r3, 0, 8, 1, 9, 4, 12, 5, 13);
    const vector high01 = __builtin_shufflevector(r0, r1, 2, 10, 3, 11, 6, 14, 7, 15);
    const vector high23 = __builtin_shufflevector(r2, r3, 2, 10, 3, 11, 6, 14, 7, 15);
    *(vector *)to = __builtin_shufflevector(low01, low23, 0, 1, 8, 9, 4, 5, 12, 13);
    *(vector *)(to + to_step) = __builtin_shufflevector(low01, low23, 2, 3, 10, 11, 6, 7, 14, 15);
    *(vector *)(to + 2 * to_step) =
        __builtin_shufflevector(high01, high23, 0, 1, 8, 9, 4, 5, 12, 13);
    *(vector *)(to + 3 * to_step) =
        __builtin_shufflevector(high01, high23, 2, 3, 10, 11, 6, 7, 14, 15);
}

__attribute__((target("avx2"), always_inline)) static inline gemm_4_doubles
two_rows_of_doubles(const double *from, int64_t step) {
    const gemm_2_doubles low = *(const gemm_2_doubles *)from;
    const gemm_2_doubles high = *(const gemm_2_doubles *)(from + 2 * step);
    return __builtin_shufflevector(low, high, 0, 1, 2, 3);
}

__attribute__((target("avx2"), always_inline)) static inline void
transpose_4_doubles(double *to, int64_t to_step, const double *from, int64_t from_step) {
    typedef gemm_4_doubles vector;
    const vector r0 = two_rows_of_doubles(from, from_step);
    const vector r1 = two_rows_of_doubles(from + from_step, from_step);
    *(vector *)to = __builtin_shufflevector(r0, r1, 0, 4, 2, 6);
    *(vector *)(to + to_step) = __builtin_shufflevector(r0, r1, 1, 5, 3, 7);
}

typedef GEMM_VECTOR(float, 64) gemm_16_floats;
typedef GEMM_VECTOR(double, 64) gemm_8_doubles;

/* The 16 bytes of four rows, four rows apart. */
__attribute__((target("avx512f"), always_inline)) static inline gemm_16_floats
four_rows_of_floats(const float *from, int64_t step) {
    const gemm_8_floats low = two_rows_of_floats(from, step);
    const gemm_8_floats high = two_rows_of_floats(from + 8 * step, step);
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/* In each 16 bytes of the results: of a 0 and b 0, a 1 and b 1; and of a 2 and b 2, a 3 and b 3. */
#define GEMM_LOW(a, b)                                                                             \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define GEMM_HIGH(a, b)                                                                            \
    __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
/* In each 16 bytes: the first or the last 8 of a, then of b. */
#define GEMM_FIRST(a, b)                                                                           \
    __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define GEMM_LAST(a, b)                                                                            \
    __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)

__attribute__((target("avx512f"), always_inline)) static inline void
transpose_16_floats(float *to, int64_t to_step, const float *from, int64_t from_step) {
    typedef gemm_16_floats vector;
    const vector r0 = four_rows_of_floats(from, from_step);
    const vector r1 = four_rows_of_floats(from + from_step, from_step);
    const vector r2 = four_rows_of_floats(from + 2 * from_step, from_step);
    const vector r3 = four_rows_of_floats(from + 3 * from_step, from_step);
    const vector low01 = GEMM_LOW(r0, r1), low23 = GEMM_LOW(r2, r3);
    const vector high01 = GEMM_HIGH(r0, r1), high23 = GEMM_HIGH(r2, r3);
    *(vector *)to = GEMM_FIRST(low01, low23);
    *(vector *)(to + to_step) = GEMM_LAST(low01, low23);
    *(vector *)(to + 2 * to_step) = GEMM_FIRST(high01, high23);
    *(vector *)(to + 3 * to_step) = GEMM_LAST(high01, high23);
}
#undef GEMM_LOW
#undef GEMM_HIGH
#undef GEMM_FIRST
#undef GEMM_LAST

__attribute__((target("avx512f"), always_inline)) static inline gemm_8_doubles
four_rows_of_doubles(const double *from, int64_t step) {
    const gemm_4_doubles low = two_rows_of_doubles(from, step);
    const gemm_4_doubles high = two_rows_of_doubles(from + 4 * step, step);
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
}

__attribute__((target("avx512f"), always_inline)) static inline void
transpose_8_doubles(double *to, int64_t to_step, const double *from, int64_t from_step) {
    typedef gemm_8_doubles vector;
    const vector r0 = four_rows_of_doubles(from, from_step);
    const vector r1 = four_rows_of_doubles(from + from_step, from_step);
    *(vector *)to = __builtin_shufflevector(r0, r1, 0, 8, 2, 10, 4, 12, 6, 14);
    *(vector *)(to + to_step) = __builtin_shufflevector(r0, r1, 1, 9, 3, 11, 5, 13, 7, 15);
}
#endif

#endif
