/*
 * Kernels that multiply matrices, with AVX2 and FMA.
 *
 * Before including it, define GEMM_KERNEL as the header of a kernel, such as "gemm_kernel.h". It is
 * included once for float and once for double, with the macros that gemm_parts.h lists.
 */
#include "gemm_packed.h"

#ifdef YG_GEMM_X86

#include "gemm_transpose.h"

#include <immintrin.h>

/* The sign of element i of the mask says whether element i is in memory. */
#define GEMM_MASK_32(n)                                                                            \
    _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define GEMM_MASK_64(n)                                                                            \
    _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)(n)), _mm256_setr_epi64x(0, 1, 2, 3))

#define GEMM_MULTIPLY_ADD(a, x, sum) _mm256_fmadd_ps(_mm256_set1_ps(a), x, sum)
#define GEMM_FUSED(a, x, sum)        _mm256_fmadd_ps(a, x, sum)
#define GEMM_LARGER(a, b)            _mm256_max_ps(a, b)
#define GEMM_LOAD(from, n)           _mm256_maskload_ps(from, GEMM_MASK_32(n))
#define GEMM_STORE(to, n, x)         _mm256_maskstore_ps(to, GEMM_MASK_32(n), x)
#define GEMM_REAL                    float
#define GEMM_INTEGER                 int32_t
#define GEMM_NAME(x)                 x##_f32_avx2
#define GEMM_BYTES                   YG_GEMM_AVX2_BYTES
#define GEMM_ROWS                    6 /* by two vectors: 12 of 16 registers */
#define GEMM_TARGET                  __attribute__((target("avx2,fma")))
#define GEMM_TRANSPOSE               transpose_8_floats
#define GEMM_TRANSPOSED              8
#define GEMM_TURN                    transpose_4_floats
#include GEMM_KERNEL
#include "gemm_end.h"

#undef GEMM_MULTIPLY_ADD
#undef GEMM_FUSED
#undef GEMM_LARGER
#undef GEMM_LOAD
#undef GEMM_STORE
#define GEMM_MULTIPLY_ADD(a, x, sum) _mm256_fmadd_pd(_mm256_set1_pd(a), x, sum)
#define GEMM_FUSED(a, x, sum)        _mm256_fmadd_pd(a, x, sum)
#define GEMM_LARGER(a, b)            _mm256_max_pd(a, b)
#define GEMM_LOAD(from, n)           _mm256_maskload_pd(from, GEMM_MASK_64(n))
#define GEMM_STORE(to, n, x)         _mm256_maskstore_pd(to, GEMM_MASK_64(n), x)
#define GEMM_REAL                    double
#define GEMM_INTEGER                 int64_t
#define GEMM_NAME(x)                 x##_f64_avx2
#define GEMM_BYTES                   YG_GEMM_AVX2_BYTES
#define GEMM_ROWS                    6
#define GEMM_TARGET                  __attribute__((target("avx2,fma")))
#define GEMM_TRANSPOSE               transpose_4_doubles
#define GEMM_TRANSPOSED              4
#define GEMM_TURN                    transpose_2_doubles
#include GEMM_KERNEL
#include "gemm_end.h"

#else
typedef int yg_gemm_avx2_is_for_x86; /* ISO C forbids an empty file */
#endif
