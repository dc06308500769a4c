/*
 * Convolutions with AVX2 and FMA.
 */
#include "convolution_isa.h"

#ifdef YG_GEMM_X86

#include <immintrin.h>

#define TILE_BYTES      YG_GEMM_AVX2_BYTES
#define TILE_TARGET     __attribute__((target("avx2,fma")))
#define TILE_PIXELS_1   12
#define TILE_PIXELS_2   6 /* by two vectors: 12 of 16 registers */
#define TILE_CASES_1(X) TILE_UP_TO_12(X)
#define TILE_CASES_2(X) TILE_UP_TO_6(X)

/* The sign of element i of the mask says whether element i is in memory. */
TILE_INLINE TILE_TARGET __m256i mask_32(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

TILE_INLINE TILE_TARGET __m256i mask_64(int64_t n) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}

#define TILE_REAL                    float
#define TILE_NAME(x)                 x##_f32_avx2
#define TILE_MULTIPLY_ADD(a, x, sum) _mm256_fmadd_ps(_mm256_set1_ps(a), x, sum)
#define TILE_ADD_PRODUCT(a, b, sum)  _mm256_fmadd_ps(a, b, sum)
#define TILE_RELU(x)                 _mm256_and_ps(x, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_NLT_UQ))
#define TILE_LOAD(from, n)           _mm256_maskload_ps(from, mask_32(n))
#define TILE_STORE(to, n, x)         _mm256_maskstore_ps(to, mask_32(n), x)
#define TILE_REUSES                  0
#include "convolution_tile.h"

/* Fewer sizes of tiles for the rarer element type: each is code. */
#undef TILE_PIXELS_1
#undef TILE_CASES_1
#define TILE_PIXELS_1                6
#define TILE_CASES_1(X)              TILE_UP_TO_6(X)
#define TILE_REAL                    double
#define TILE_NAME(x)                 x##_f64_avx2
#define TILE_MULTIPLY_ADD(a, x, sum) _mm256_fmadd_pd(_mm256_set1_pd(a), x, sum)
#define TILE_ADD_PRODUCT(a, b, sum)  _mm256_fmadd_pd(a, b, sum)
#define TILE_RELU(x)                 _mm256_and_pd(x, _mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_NLT_UQ))
#define TILE_LOAD(from, n)           _mm256_maskload_pd(from, mask_64(n))
#define TILE_STORE(to, n, x)         _mm256_maskstore_pd(to, mask_64(n), x)
#include "convolution_tile.h"

#else
typedef int yg_convolution_avx2_is_for_x86; /* ISO C forbids an empty file */
#endif
