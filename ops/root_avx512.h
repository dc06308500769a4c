/*
 * Square roots with AVX-512F, in half the time of the processor's own instruction, and with the
 * same bits.
 *
 * The processor's root and quotient share one unit, and each keeps it busy for some ten cycles. The
 * root here is made of multiplications and additions instead. So it takes no time from a quotient
 * beside it.
 *
 * y is 1 / √x to 14 bits. One step of Newton's method gives g = √x and h = 1 / (2 √x) to 24 bits,
 * and then g + h · (x - g²) rounds as √x does: tests/test_roots.c compares all mantissas. x is
 * scaled first: otherwise x - g² would be rounded to 0 for the smallest x.
 */
#ifndef YG_OPS_ROOT_AVX512_H
#define YG_OPS_ROOT_AVX512_H

#include "../graph/graph.h"
#include "instructions.h"

#include <stddef.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define YG_ROOT_AVX512

#include <immintrin.h>

#define YG_ROOT_TARGET __attribute__((target("avx512f")))

/* √x · 2³². NaN where it does not know √x: for infinity, NaN, x < 0 and x ≥ 2⁶⁴. */
YG_ROOT_TARGET static inline __m512 yg_root_scaled(__m512 x) {
    const __m512 half = _mm512_set1_ps(0.5f);
    x = _mm512_mul_ps(x, _mm512_set1_ps(0x1p64f));
    /* 0 for x = 0, where 1 / √x is infinite: g is then 0 too. */
    const __mmask16 nonzero = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    const __m512 y = _mm512_maskz_rsqrt14_ps(nonzero, x);
    __m512 g = _mm512_mul_ps(x, y), h = _mm512_mul_ps(half, y);
    const __m512 off = _mm512_fnmadd_ps(g, h, half);
    g = _mm512_fmadd_ps(g, off, g);
    h = _mm512_fmadd_ps(h, off, h);
    return _mm512_fmadd_ps(_mm512_fnmadd_ps(g, g, x), h, g);
}

/* √x */
YG_ROOT_TARGET static inline __m512 yg_root(__m512 x) {
    const __m512 root = _mm512_mul_ps(yg_root_scaled(x), _mm512_set1_ps(0x1p-32f));
    if (__builtin_expect(_mm512_cmp_ps_mask(root, root, _CMP_UNORD_Q) == 0, 1))
        return root;
    return _mm512_sqrt_ps(x);
}

/* √x + c, rounded after the root and after the sum. */
YG_ROOT_TARGET static inline __m512 yg_root_plus(__m512 x, __m512 c) {
    /* Scaling by a power of two is exact, so the fused operation rounds only the sum. */
    const __m512 sum = _mm512_fmadd_ps(yg_root_scaled(x), _mm512_set1_ps(0x1p-32f), c);
    if (__builtin_expect(_mm512_cmp_ps_mask(sum, sum, _CMP_UNORD_Q) == 0, 1))
        return sum;
    return _mm512_add_ps(_mm512_sqrt_ps(x), c);
}

/* Of a vector's lanes those that elements i to n fill. */
YG_ROOT_TARGET static inline __mmask16 yg_root_lanes(size_t n, size_t i) {
    return (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1 : 0xffff);
}

/* A tile kernel of one operand x. The expression computes a vector from `root`, which is √x. */
#define YG_ROOT_TILE(function, expression)                                                         \
    YG_ROOT_TARGET static void function(void *out, const void *const *in, size_t n,                \
                                        const yg_attr *attrs) {                                    \
        const float *x = in[0];                                                                    \
        float *y = out;                                                                            \
        (void)attrs;                                                                               \
        for (size_t i = 0; i < n; i += 16) {                                                       \
            const __mmask16 lanes = yg_root_lanes(n, i);                                           \
            const __m512 root = yg_root(_mm512_maskz_loadu_ps(lanes, x + i));                      \
            _mm512_mask_storeu_ps(y + i, lanes, (expression));                                     \
        }                                                                                          \
    }

/* Defines a tile kernel that is `fast` where the processor has AVX-512F, and otherwise `plain`. */
#define YG_ROOT_CHOICE(function, fast, plain)                                                      \
    static void function(void *out, const void *const *in, size_t n, const yg_attr *attrs) {       \
        (yg_has_avx512() ? fast : plain)(out, in, n, attrs);                                       \
    }

#else
#define YG_ROOT_TILE(function, expression)
#define YG_ROOT_CHOICE(function, fast, plain)                                                      \
    static void function(void *out, const void *const *in, size_t n, const yg_attr *attrs) {       \
        plain(out, in, n, attrs);                                                                  \
    }
#endif

#endif
