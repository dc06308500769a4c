/*
 * erf() and erfc() of floats, as code that compilers vectorise: see vector_functions.h, which it
 * includes. All x take the same time; NaN stays NaN. The greatest errors, in units in the last
 * place: erf 5.2, erfc 5.1, and one more without fused multiplication and addition;
 * tests/test_vector_functions.c measures them.
 */
#ifndef YG_OPS_VECTOR_ERF_H
#define YG_OPS_VECTOR_ERF_H

#include "vector_functions.h"

/* x · P(x²) / Q(x²). Up to 3.93 its greatest relative error is 3e-8. From there on erf is 1 in this
 * type, and the product is more, up to 4.1. All coefficients are positive: nothing cancels. */
YG_VECTOR_INLINE float yg_vector_erf_f32(float x) {
    const float size = fabsf(x), near = size > 4.1f ? 4.1f : size, z = near * near;
    float p = 0x1.1217bp-19f, q = 0x1.3ec1cap-15f;
    p = p * z + 0x1.2a8014p-12f;
    q = q * z + 0x1.3129d6p-10f;
    p = p * z + 0x1.eed802p-9f;
    q = q * z + 0x1.eb2866p-7f;
    p = p * z + 0x1.b0597p-5f;
    q = q * z + 0x1.d3d658p-4f;
    p = p * z + 0x1.8688a6p-3f;
    q = q * z + 0x1.01311ap-1f;
    p = p * z + 0x1.20dd76p+0f;
    q = q * z + 1;
    const float y = near * p / q;
    return copysignf(y > 1 ? 1 : y, x);
}

/* exp(-z²) for 0 <= z <= 9.34. The square is that of z's first 12 bits, which is exact, and a rest:
 * the rounding error of z² would count 80 times in the result. */
YG_VECTOR_INLINE float yg_bell_f32(float z) {
    const float high = yg_of_bits_f32(yg_bits_of_f32(z) & 0xfffff000u);
    const float rest = (high - z) * (high + z);
    const float x = -high * high;
    const float sum = x * 0x1.715476p+0f + 0x1.8p23f, n = sum - 0x1.8p23f;
    const float r = (x - n * 0x1.63p-1f) + n * 0x1.bd0106p-13f + rest;
    const float half = yg_of_bits_f32((yg_bits_of_f32(sum) + 126) << 23);
    return (r * r * yg_exp_bend_f32(r) + r + 1) * half * 2;
}

/* erf(x) / x - 1, given z = x² <= 1. */
YG_VECTOR_INLINE float yg_erf_slope_f32(float z) {
    float p = 0x1.4ae0c2p-14f;
    p = p * z - 0x1.a48480p-11f;
    p = p * z + 0x1.5419c6p-8f;
    p = p * z - 0x1.b7fbaep-6f;
    p = p * z + 0x1.ce2d20p-4f;
    p = p * z - 0x1.81273ep-2f;
    return p * z + 0x1.06eba8p-3f;
}

/* erfc(z) = exp(-z²) · t · Q(t) for z >= 0, with t = 1 / (1 + 0.45 z). Q is a polynomial; its
 * relative error is below 1.2e-8 up to 9.4. Near 0 the rounding of t counts several times; there it
 * is 1 - erf(x). Beyond 9.19 the result is below the smallest normal number. */
YG_VECTOR_INLINE float yg_vector_erfc_f32(float x) {
    const float size = fabsf(x), z = size > 9.19f ? 9.19f : size;
    const float t = 1 / (1 + 0.45f * z);
    float q = -0x1.0aa95ep-5f;
    q = q * t + 0x1.25cab0p-3f;
    q = q * t - 0x1.891f6ep-3f;
    q = q * t + 0x1.c5ad10p-10f;
    q = q * t + 0x1.71e182p-4f;
    q = q * t + 0x1.fe3b44p-5f;
    q = q * t + 0x1.8d6b1cp-3f;
    q = q * t + 0x1.cbd08ap-3f;
    q = q * t + 0x1.0466d4p-2f;
    q = q * t + 0x1.03f56ep-2f;
    const float tail = yg_bell_f32(z) * (q * t);
    const float right = size > 9.19f ? 0 : tail, either = x < 0 ? 2 - right : right;
    const float near = (1 - x) - x * yg_erf_slope_f32(x * x);
    return size < 1 ? near : either;
}

#endif
