/*
 * The standard normal distribution function Φ for float, as code that compilers vectorise: gelu and
 * its derivative spend their time here. Files that include it are compiled with -ffp-contract=fast
 * (CMakeLists.txt): a product and a sum may round once, which takes half the time.
 *
 * Φ(-z) = exp(-z²/2) · t · Q(t) for z >= 0, with t = 1 / (1 + 0.27 z). Q is a polynomial of degree
 * 8 through the Chebyshev nodes of z in [0, 13.5]; its relative error is below 3e-8. Beyond 13.2
 * exp(-z²/2) counts as 0.
 */
#ifndef YG_OPS_NORMAL_CDF_H
#define YG_OPS_NORMAL_CDF_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Beyond this, exp(-z²/2) is below the smallest normal number. */
#define YG_NORMAL_FAR 13.19f

/* z, or that limit if z is larger. Without branches: compilers vectorise selections only. */
static inline __attribute__((always_inline)) float yg_normal_near(float z) {
    return z < YG_NORMAL_FAR ? z : YG_NORMAL_FAR;
}

/* exp(-z²/2) for z >= 0; 0 if z is large or NaN. -z²/2 = n · log 2 + r with |r| <= log(2) / 2, and
 * a polynomial of r. */
static inline __attribute__((always_inline)) float yg_normal_bell(float z) {
    const float magic = 0x1.8p23f; /* adding it rounds to a whole number, in the lowest bits */
    const float near = yg_normal_near(z), s = -0.5f * near * near;
    const float sum = s * 0x1.715476p+0f + magic, n = sum - magic;
    const float r = (s - n * 0x1.63p-1f) + n * 0x1.bd0106p-13f;
    float p = 0x1.6ab8dcp-10f;
    p = p * r + 0x1.126dbep-7f;
    p = p * r + 0x1.55589ep-5f;
    p = p * r + 0x1.55540ap-3f;
    p = p * r + 0x1.fffffap-2f;
    p = p * r + 0x1p+0f;
    p = p * r + 0x1p+0f;
    int32_t bits, power;
    memcpy(&bits, &p, sizeof bits);
    memcpy(&power, &sum, sizeof power);
    bits = (int32_t)((uint32_t)bits + ((uint32_t)power << 23));
    memcpy(&p, &bits, sizeof p);
    return z < YG_NORMAL_FAR ? p : 0;
}

/* Φ(x), given |x| and exp(-x²/2). NaN comes through t. */
static inline __attribute__((always_inline)) float yg_normal_cdf_of(float x, float z, float bell) {
    const float t = 1 / (1 + 0.27f * z);
    float q = 0.0289886414f;
    q = q * t - 0.126661245f;
    q = q * t + 0.170233534f;
    q = q * t - 0.0698160843f;
    q = q * t + 0.108303254f;
    q = q * t + 0.0718243965f;
    q = q * t + 0.101872477f;
    q = q * t + 0.107533847f;
    q = q * t + 0.107721191f;
    const float tail = bell * (q * t);
    return x > 0 ? 1 - tail : tail;
}

static inline __attribute__((always_inline)) float yg_normal_cdf(float x) {
    const float z = fabsf(x);
    return yg_normal_cdf_of(x, z, yg_normal_bell(z));
}

/* The derivative of x · Φ(x): Φ(x) + x · exp(-x²/2) / √(2π), given |x|, the bell and Φ(x). Where
 * the bell is 0, x may be infinite. */
static inline __attribute__((always_inline)) float yg_gelu_slope_of(float x, float z, float bell,
                                                                    float cdf) {
    return cdf + copysignf(yg_normal_near(z), x) * (bell * 0.398942280f);
}

static inline __attribute__((always_inline)) float yg_gelu_slope(float x) {
    const float z = fabsf(x), bell = yg_normal_bell(z);
    return yg_gelu_slope_of(x, z, bell, yg_normal_cdf_of(x, z, bell));
}

#endif
