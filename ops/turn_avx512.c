/*
 * Transposing with AVX-512F: squares of 16 by 16 elements of 4 bytes, or 8 by 8 of 8 bytes, in
 * registers. A vector is a whole cache line, so each line is read and written once.
 */
#include "turn_avx512.h"

#include "gemm_packed.h"

#ifdef YG_GEMM_X86

#include <immintrin.h>

#define TURN_TARGET __attribute__((target("avx512f")))
#define TURN_INLINE TURN_TARGET static inline __attribute__((always_inline))
#define TURN_UNROLL _Pragma("GCC unroll 16")

/* Where rows are a multiple of half a page apart, the lines of all rows displace each other in the
 * near caches. Then blocks of so many rows and columns are transposed one after the other: of a
 * line of the source that is fetched, the next one is used soon. */
enum { BLOCK_ROWS = 128, BLOCK_COLUMNS = 32, HALF_PAGE = 2048 };

/* Transposes four rows of four parts of 16 bytes. */
TURN_INLINE void turn_parts(__m512i to[4], __m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i even_low = _mm512_shuffle_i32x4(a, b, 0x88);
    const __m512i odd_low = _mm512_shuffle_i32x4(a, b, 0xdd);
    const __m512i even_high = _mm512_shuffle_i32x4(c, d, 0x88);
    const __m512i odd_high = _mm512_shuffle_i32x4(c, d, 0xdd);
    to[0] = _mm512_shuffle_i32x4(even_low, even_high, 0x88);
    to[1] = _mm512_shuffle_i32x4(odd_low, odd_high, 0x88);
    to[2] = _mm512_shuffle_i32x4(even_low, even_high, 0xdd);
    to[3] = _mm512_shuffle_i32x4(odd_low, odd_high, 0xdd);
}

TURN_INLINE void turn_square_4(__m512i v[16]) {
    __m512i t[16];
    TURN_UNROLL for (int i = 0; i < 16; i += 4) { /* four rows, within parts of 16 bytes */
        const __m512i low01 = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        const __m512i high01 = _mm512_unpackhi_epi32(v[i], v[i + 1]);
        const __m512i low23 = _mm512_unpacklo_epi32(v[i + 2], v[i + 3]);
        const __m512i high23 = _mm512_unpackhi_epi32(v[i + 2], v[i + 3]);
        t[i] = _mm512_unpacklo_epi64(low01, low23);
        t[i + 1] = _mm512_unpackhi_epi64(low01, low23);
        t[i + 2] = _mm512_unpacklo_epi64(high01, high23);
        t[i + 3] = _mm512_unpackhi_epi64(high01, high23);
    }
    TURN_UNROLL for (int k = 0; k < 4; k++) {
        __m512i out[4];
        turn_parts(out, t[k], t[4 + k], t[8 + k], t[12 + k]);
        TURN_UNROLL for (int i = 0; i < 4; i++) v[4 * i + k] = out[i];
    }
}

TURN_INLINE void turn_square_8(__m512i v[8]) {
    __m512i t[8];
    TURN_UNROLL for (int i = 0; i < 8; i += 2) {
        t[i] = _mm512_unpacklo_epi64(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi64(v[i], v[i + 1]);
    }
    TURN_UNROLL for (int k = 0; k < 2; k++) {
        __m512i out[4];
        turn_parts(out, t[k], t[2 + k], t[4 + k], t[6 + k]);
        TURN_UNROLL for (int i = 0; i < 4; i++) v[2 * i + k] = out[i];
    }
}

/* `lanes(n)` is the mask of the first n elements of a vector. */
#define TURN(function, element, side, square, mask, lanes, load, store)                            \
    TURN_INLINE void whole_##function(element *to, int64_t to_stride, const element *from,         \
                                      int64_t from_stride) {                                       \
        __m512i v[side];                                                                           \
        TURN_UNROLL for (int i = 0; i < side; i++) v[i] =                                          \
            _mm512_loadu_si512(from + i * from_stride);                                            \
        square(v);                                                                                 \
        TURN_UNROLL for (int i = 0; i < side; i++) _mm512_storeu_si512(to + i * to_stride, v[i]);  \
    }                                                                                              \
    TURN_TARGET __attribute__((noinline)) static void part_##function(                             \
        element *to, int64_t to_stride, const element *from, int64_t from_stride, int64_t rows,    \
        int64_t columns) {                                                                         \
        const mask high = lanes(rows), wide = lanes(columns);                                      \
        __m512i v[side];                                                                           \
        TURN_UNROLL for (int i = 0; i < side; i++) v[i] =                                          \
            i < columns ? load(high, from + i * from_stride) : _mm512_setzero_si512();             \
        square(v);                                                                                 \
        TURN_UNROLL for (int i = 0; i < side; i++) if (i < rows)                                   \
            store(to + i * to_stride, wide, v[i]);                                                 \
    }                                                                                              \
    TURN_TARGET static void block_##function(element *to, int64_t to_stride, const element *from,  \
                                             int64_t from_stride, int64_t rows, int64_t columns) { \
        for (int64_t r = 0; r < rows; r += side)                                                   \
            for (int64_t c = 0; c < columns; c += side) {                                          \
                element *square_to = to + r * to_stride + c;                                       \
                const element *square_from = from + r + c * from_stride;                           \
                if (rows - r >= side && columns - c >= side)                                       \
                    whole_##function(square_to, to_stride, square_from, from_stride);              \
                else                                                                               \
                    part_##function(square_to, to_stride, square_from, from_stride,                \
                                    rows - r < side ? rows - r : side,                             \
                                    columns - c < side ? columns - c : side);                      \
            }                                                                                      \
    }                                                                                              \
    TURN_TARGET void function(void *to, int64_t to_stride, const void *from, int64_t from_stride,  \
                              int64_t rows, int64_t columns) {                                     \
        if (from_stride * (int64_t)sizeof(element) % HALF_PAGE != 0) {                             \
            block_##function(to, to_stride, from, from_stride, rows, columns);                     \
            return;                                                                                \
        }                                                                                          \
        for (int64_t r = 0; r < rows; r += BLOCK_ROWS)                                             \
            for (int64_t c = 0; c < columns; c += BLOCK_COLUMNS)                                   \
                block_##function((element *)to + r * to_stride + c, to_stride,                     \
                                 (const element *)from + r + c * from_stride, from_stride,         \
                                 rows - r < BLOCK_ROWS ? rows - r : BLOCK_ROWS,                    \
                                 columns - c < BLOCK_COLUMNS ? columns - c : BLOCK_COLUMNS);       \
    }

#define LANES_4(n) (__mmask16)((n) >= 16 ? 0xffff : (1u << (n)) - 1)
#define LANES_8(n) (__mmask8)((n) >= 8 ? 0xff : (1u << (n)) - 1)
TURN(yg_turn_4_avx512, uint32_t, 16, turn_square_4, __mmask16, LANES_4, _mm512_maskz_loadu_epi32,
     _mm512_mask_storeu_epi32)
TURN(yg_turn_8_avx512, uint64_t, 8, turn_square_8, __mmask8, LANES_8, _mm512_maskz_loadu_epi64,
     _mm512_mask_storeu_epi64)

#else
typedef int yg_turn_avx512_is_for_x86; /* ISO C forbids an empty file */
#endif
