/*
 * Kernels that multiply matrices, with AVX-512F.
 *
 * Before including it, define GEMM_KERNEL as the header of a kernel, such as "gemm_kernel.h". It is
 * included once for float and once for double, with the macros that gemm_parts.h lists.
 */
#include "gemm_packed.h"

#ifdef YG_GEMM_X86

#include "gemm_transpose.h"

#include <immintrin.h>

/* p · 2ⁿ, but 0 where x < lowest; NaN where x is. */
#define SCALED_UNLESS_BELOW(t, p, n, x, lowest)                                                    \
    _mm512_maskz_scalef_##t(_mm512_cmp_##t##_mask(x, lowest, _CMP_NLT_UQ), p, n)

#define GEMM_MULTIPLY_ADD(a, x, sum) _mm512_fmadd_ps(_mm512_set1_ps(a), x, sum)
#define GEMM_FUSED(a, x, sum)        _mm512_fmadd_ps(a, x, sum)
#define GEMM_LARGER(a, b)            _mm512_max_ps(a, b)
#define GEMM_LOAD(from, n)           _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), from)
#define GEMM_STORE(to, n, x)         _mm512_mask_storeu_ps(to, (__mmask16)((1u << (n)) - 1), x)
#define GEMM_REAL                    float
#define GEMM_INTEGER                 int32_t
#define GEMM_NAME(x)                 x##_f32_avx512
#define GEMM_BYTES                   YG_GEMM_AVX512_BYTES
#define GEMM_ROWS                    12 /* by two vectors: 24 of 32 registers */
#define GEMM_TARGET                  __attribute__((target("avx512f")))
#define GEMM_TRANSPOSE               transpose_8_floats
#define GEMM_TRANSPOSED              8
#define GEMM_TURN                    transpose_4_floats
#define GEMM_TRANSPOSE_LANES         transpose_16_floats
#define GEMM_POWER(p, n, x, lowest)  SCALED_UNLESS_BELOW(ps, p, n, x, lowest)
#include GEMM_KERNEL
#include "gemm_end.h"

#undef GEMM_MULTIPLY_ADD
#undef GEMM_FUSED
#undef GEMM_LARGER
#undef GEMM_LOAD
#undef GEMM_STORE
#define GEMM_MULTIPLY_ADD(a, x, sum) _mm512_fmadd_pd(_mm512_set1_pd(a), x, sum)
#define GEMM_FUSED(a, x, sum)        _mm512_fmadd_pd(a, x, sum)
#define GEMM_LARGER(a, b)            _mm512_max_pd(a, b)
#define GEMM_LOAD(from, n)           _mm512_maskz_loadu_pd((__mmask8)((1u << (n)) - 1), from)
#define GEMM_STORE(to, n, x)         _mm512_mask_storeu_pd(to, (__mmask8)((1u << (n)) - 1), x)
#define GEMM_REAL                    double
#define GEMM_INTEGER                 int64_t
#define GEMM_NAME(x)                 x##_f64_avx512
#define GEMM_BYTES                   YG_GEMM_AVX512_BYTES
#define GEMM_ROWS                    12
#define GEMM_TARGET                  __attribute__((target("avx512f")))
#define GEMM_TRANSPOSE               transpose_4_doubles
#define GEMM_TRANSPOSED              4
#define GEMM_TURN                    transpose_2_doubles
#define GEMM_TRANSPOSE_LANES         transpose_8_doubles
#define GEMM_POWER(p, n, x, lowest)  SCALED_UNLESS_BELOW(pd, p, n, x, lowest)
#include GEMM_KERNEL
#include "gemm_end.h"
#undef SCALED_UNLESS_BELOW

#else
typedef int yg_gemm_avx512_is_for_x86; /* ISO C forbids an empty file */
#endif
