/*
 * Philox for many counters: see random_words.h. Each lane of 64 bits computes one counter. The
 * multiplication of vectors reads the lower half of a lane and fills all of it. So a lane holds a
 * word in its lower half, and what stands in the upper half does not matter.
 */
#include "random_words.h"

#include "../graph/philox.h"
#include "gemm_packed.h"

static void words_plain(uint64_t key, uint64_t high, uint64_t low, int64_t count, uint32_t *out) {
    for (int64_t i = 0; i < count; i++)
        yg_philox_words(key, high, low + (uint64_t)i, out + YG_RANDOM_WORDS * i);
}

#ifdef YG_GEMM_X86

#include <immintrin.h>

/* Ten rounds for SETS vectors of counters. Two sets hide the latency of the multiplications. */
enum { SETS = 2 };
#define EACH_SET _Pragma("GCC unroll 2") for (int s = 0; s < SETS; s++)

/* One function for a vector of LANES counters: `multiply`, `shift`, `mix` (exclusive or of three)
 * and `spread` (a number in each lane) are instructions. `count_from(low)` is low, low + 1, …;
 * `store` writes the words of the counters in order. */
#define WORDS(name, attribute, vector, LANES, spread, count_from, multiply, shift, mix, store)     \
    attribute static void name(uint64_t key, uint64_t high, uint64_t low, int64_t count,           \
                               uint32_t *out) {                                                    \
        const vector multiplier0 = spread(0xD2511F53), multiplier1 = spread(0xCD9E8D57);           \
        const int64_t whole = count - count % (SETS * (LANES));                                    \
        for (int64_t i = 0; i < whole; i += SETS * (LANES)) {                                      \
            vector c0[SETS], c1[SETS], c2[SETS], c3[SETS];                                         \
            EACH_SET {                                                                             \
                c0[s] = count_from(low + (uint64_t)(i + s * (LANES)));                             \
                c1[s] = shift(c0[s], 32);                                                          \
                c2[s] = spread((int64_t)high);                                                     \
                c3[s] = spread((int64_t)(high >> 32));                                             \
            }                                                                                      \
            uint32_t key0 = (uint32_t)key, key1 = (uint32_t)(key >> 32);                           \
            for (int round = 0; round < 10; round++) {                                             \
                const vector k0 = spread((int64_t)key0), k1 = spread((int64_t)key1);               \
                EACH_SET {                                                                         \
                    const vector product0 = multiply(multiplier0, c0[s]);                          \
                    const vector product1 = multiply(multiplier1, c2[s]);                          \
                    c0[s] = mix(shift(product1, 32), c1[s], k0);                                   \
                    c1[s] = product1;                                                              \
                    c2[s] = mix(shift(product0, 32), c3[s], k1);                                   \
                    c3[s] = product0;                                                              \
                }                                                                                  \
                key0 += 0x9E3779B9;                                                                \
                key1 += 0xBB67AE85;                                                                \
            }                                                                                      \
            EACH_SET store(out + YG_RANDOM_WORDS * (i + s * (LANES)), c0[s], c1[s], c2[s], c3[s]); \
        }                                                                                          \
        words_plain(key, high, low + (uint64_t)whole, count - whole,                               \
                    out + YG_RANDOM_WORDS * whole);                                                \
    }

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i count_from_256(uint64_t low) {
    return _mm256_add_epi64(_mm256_set1_epi64x((int64_t)low), _mm256_setr_epi64x(0, 1, 2, 3));
}

AVX2 static inline __m256i mix_256(__m256i a, __m256i b, __m256i c) {
    return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}

AVX2 static inline void store_256(uint32_t *out, __m256i c0, __m256i c1, __m256i c2, __m256i c3) {
    const __m256i first = _mm256_blend_epi32(c0, _mm256_slli_epi64(c1, 32), 0xaa);
    const __m256i second = _mm256_blend_epi32(c2, _mm256_slli_epi64(c3, 32), 0xaa);
    const __m256i even = _mm256_unpacklo_epi64(first, second); /* counters 0 and 2 */
    const __m256i odd = _mm256_unpackhi_epi64(first, second);  /* 1 and 3 */
    _mm256_storeu_si256((__m256i *)(void *)out, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256((__m256i *)(void *)(out + 8), _mm256_permute2x128_si256(even, odd, 0x31));
}

WORDS(words_avx2, AVX2, __m256i, 4, _mm256_set1_epi64x, count_from_256, _mm256_mul_epu32,
      _mm256_srli_epi64, mix_256, store_256)

#define AVX512 __attribute__((target("avx512f")))

AVX512 static inline __m512i count_from_512(uint64_t low) {
    return _mm512_add_epi64(_mm512_set1_epi64((int64_t)low),
                            _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
}

AVX512 static inline __m512i mix_512(__m512i a, __m512i b, __m512i c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

AVX512 static inline void store_512(uint32_t *out, __m512i c0, __m512i c1, __m512i c2, __m512i c3) {
    const __m512i first = _mm512_mask_blend_epi32(0xaaaa, c0, _mm512_slli_epi64(c1, 32));
    const __m512i second = _mm512_mask_blend_epi32(0xaaaa, c2, _mm512_slli_epi64(c3, 32));
    const __m512i low = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    const __m512i high = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
    _mm512_storeu_si512(out, _mm512_permutex2var_epi64(first, low, second));
    _mm512_storeu_si512(out + 16, _mm512_permutex2var_epi64(first, high, second));
}

WORDS(words_avx512, AVX512, __m512i, 8, _mm512_set1_epi64, count_from_512, _mm512_mul_epu32,
      _mm512_srli_epi64, mix_512, store_512)

#endif

yg_random_words_kernel yg_random_words_choose(yg_gemm_isa isa) {
    static const yg_random_words_kernel kernels[] = {
        [YG_GEMM_BASELINE] = words_plain,
#ifdef YG_GEMM_X86
        [YG_GEMM_AVX2] = words_avx2,
        [YG_GEMM_AVX512] = words_avx512,
#endif
    };
    return kernels[isa];
}

void yg_random_words(uint64_t key, uint64_t high, uint64_t low, int64_t count, uint32_t *out) {
    yg_random_words_choose(yg_gemm_isa_best())(key, high, low, count, out);
}
