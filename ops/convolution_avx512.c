/*
 * Convolutions with AVX-512F.
 */
#include "convolution_isa.h"

#ifdef YG_GEMM_X86

#include <immintrin.h>

#define TILE_BYTES      YG_GEMM_AVX512_BYTES
#define TILE_TARGET     __attribute__((target("avx512f")))
#define TILE_PIXELS_1   16
#define TILE_PIXELS_2   14 /* by two vectors: 28 of 32 registers */
#define TILE_CASES_1(X) TILE_UP_TO_16(X)
#define TILE_CASES_2(X) TILE_UP_TO_14(X)

#define TILE_REAL                    float
#define TILE_NAME(x)                 x##_f32_avx512
#define TILE_MULTIPLY_ADD(a, x, sum) _mm512_fmadd_ps(_mm512_set1_ps(a), x, sum)
#define TILE_ADD_PRODUCT(a, b, sum)  _mm512_fmadd_ps(a, b, sum)
#define TILE_RELU(x)                 _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NLT_UQ), x)
#define TILE_LOAD(from, n)           _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), from)
#define TILE_STORE(to, n, x)         _mm512_mask_storeu_ps(to, (__mmask16)((1u << (n)) - 1), x)
#define TILE_REUSES                  1
#include "convolution_tile.h"

/* Fewer sizes of tiles for the rarer element type: each is code. */
#undef TILE_PIXELS_1
#undef TILE_PIXELS_2
#undef TILE_CASES_1
#undef TILE_CASES_2
#define TILE_PIXELS_1                8
#define TILE_PIXELS_2                8
#define TILE_CASES_1(X)              TILE_UP_TO_8(X)
#define TILE_CASES_2(X)              TILE_UP_TO_8(X)
#define TILE_REAL                    double
#define TILE_NAME(x)                 x##_f64_avx512
#define TILE_MULTIPLY_ADD(a, x, sum) _mm512_fmadd_pd(_mm512_set1_pd(a), x, sum)
#define TILE_ADD_PRODUCT(a, b, sum)  _mm512_fmadd_pd(a, b, sum)
#define TILE_RELU(x)                 _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_NLT_UQ), x)
#define TILE_LOAD(from, n)           _mm512_maskz_loadu_pd((__mmask8)((1u << (n)) - 1), from)
#define TILE_STORE(to, n, x)         _mm512_mask_storeu_pd(to, (__mmask8)((1u << (n)) - 1), x)
#undef TILE_REUSES
#define TILE_REUSES 0
#include "convolution_tile.h"

#else
typedef int yg_convolution_avx512_is_for_x86; /* ISO C forbids an empty file */
#endif
