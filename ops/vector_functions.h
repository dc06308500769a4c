/*
 * Functions made of exp() and log(), as code that compilers vectorise: see vector_exp.h, which it
 * includes. All x take the same time. NaN stays NaN, and the sign of 0 is kept. A result below the
 * smallest normal number may become 0. The greatest errors, in units in the last place: exp2 1,
 * expm1 2, log1p 2, sinh 2.5, cosh 1.5, tanh 2.5; tests/test_vector_functions.c measures them.
 *
 * Files that include it are compiled with -ffp-contract=fast, as vector_exp.h says.
 */
#ifndef YG_OPS_VECTOR_FUNCTIONS_H
#define YG_OPS_VECTOR_FUNCTIONS_H

#include "vector_exp.h"

#define YG_VECTOR_INLINE static inline __attribute__((always_inline))

/* (exp(r) - 1 - r) / r² for |r| <= log(2) / 2, by Remez' algorithm. */
YG_VECTOR_INLINE float yg_exp_bend_f32(float r) {
    float p = 0x1.6c089ap-10f;
    p = p * r + 0x1.1226dap-7f;
    p = p * r + 0x1.555642p-5f;
    p = p * r + 0x1.5554b2p-3f;
    return p * r + 0.5f;
}

YG_VECTOR_INLINE double yg_exp_bend_f64(double r) {
    double p = 0x1.ae4b8dd75a116p-26;
    p = p * r + 0x1.289842c74ad66p-22;
    p = p * r + 0x1.71de968ecdecap-19;
    p = p * r + 0x1.a019b2b4a5164p-16;
    p = p * r + 0x1.a01a0171c3fa0p-13;
    p = p * r + 0x1.6c16c17a5134dp-10;
    p = p * r + 0x1.1111111118db0p-7;
    p = p * r + 0x1.55555555539a9p-5;
    p = p * r + 0x1.555555555553ep-3;
    return p * r + 0.5;
}

/* log(1 + f) = f - f²/2 + s (f²/2 + z · bend(z)) with s = f / (2 + f) and z = s². This is bend(z),
 * for 1 + f from √½ to √2. */
YG_VECTOR_INLINE float yg_log_bend_f32(float z) {
    float p = 0x1.e34098p-3f;
    p = p * z + 0x1.2437p-2f;
    p = p * z + 0x1.999a82p-2f;
    return p * z + 0x1.555554p-1f;
}

YG_VECTOR_INLINE double yg_log_bend_f64(double z) {
    double p = 0x1.2f5712d301f01p-3;
    p = p * z + 0x1.3999f8ad9a0d4p-3;
    p = p * z + 0x1.7466883ab16a2p-3;
    p = p * z + 0x1.c71c50b6d0db0p-3;
    p = p * z + 0x1.249249437914ep-2;
    p = p * z + 0x1.999999997e3e5p-2;
    return p * z + 0x1.5555555555597p-1;
}

/* (2ʳ - 1) / r for |r| <= ½ */
YG_VECTOR_INLINE float yg_exp2_slope_f32(float r) {
    float p = 0x1.41fc2ap-13f;
    p = p * r + 0x1.5f3e52p-10f;
    p = p * r + 0x1.3b2d4cp-7f;
    p = p * r + 0x1.c6aee8p-5f;
    p = p * r + 0x1.ebfbdcp-3f;
    return p * r + 0x1.62e430p-1f;
}

YG_VECTOR_INLINE double yg_exp2_slope_f64(double r) {
    double p = 0x1.e79c2e6ec5404p-32;
    p = p * r + 0x1.e61b494f081c2p-28;
    p = p * r + 0x1.b5267c8ef7471p-24;
    p = p * r + 0x1.62bfc7a0fe820p-20;
    p = p * r + 0x1.ffcbfba9a95dfp-17;
    p = p * r + 0x1.4309130ed7535p-13;
    p = p * r + 0x1.5d87fe78cd63ep-10;
    p = p * r + 0x1.3b2ab6fba0121p-7;
    p = p * r + 0x1.c6b08d7049fe8p-5;
    p = p * r + 0x1.ebfbdff82c5a4p-3;
    return p * r + 0x1.62e42fefa39efp-1;
}

/* For each type: the integer of its size; bits of its mantissa and the bias of its exponent; a
 * number that rounds to a whole one if it is added; log 2 in two parts; 2ˣ is a normal number from
 * -(BIAS - 1) to BIAS + 1; expm1(x) is -1 below M1_LEAST and infinite above M1_MOST; sinh and cosh
 * are infinite above SINH_MOST; √½ as bits. A selection is between two values that exist already:
 * gcc makes no branches of those. */
#define YG_VECTOR_FUNCTIONS(t, real, suffix, bits, MANTISSA, BIAS, MAGIC, HIGH, LOW, M1_LEAST,     \
                            M1_MOST, SINH_MOST, ROOT_HALF)                                         \
    YG_VECTOR_INLINE real yg_of_bits_##t(bits b) {                                                 \
        real x;                                                                                    \
        memcpy(&x, &b, sizeof x);                                                                  \
        return x;                                                                                  \
    }                                                                                              \
    YG_VECTOR_INLINE bits yg_bits_of_##t(real x) {                                                 \
        bits b;                                                                                    \
        memcpy(&b, &x, sizeof b);                                                                  \
        return b;                                                                                  \
    }                                                                                              \
    /* exp(x) = (1 + *rest) · 4 · *quarter. NaN comes through *rest. */                          \
    YG_VECTOR_INLINE void yg_exp_parts_##t(real x, real *rest, real *quarter) {                    \
        const real sum = x * (real)0x1.71547652b82fep+0 + (real)MAGIC, n = sum - (real)MAGIC;      \
        const real r = (x - n * (real)HIGH) - n * (real)LOW;                                       \
        *rest = r * r * yg_exp_bend_##t(r) + r;                                                    \
        *quarter = yg_of_bits_##t((yg_bits_of_##t(sum) + (BIAS - 2)) << MANTISSA);                 \
    }                                                                                              \
    YG_VECTOR_INLINE real yg_vector_exp2_##t(real x) {                                             \
        const real sum = x + (real)MAGIC, n = sum - (real)MAGIC, r = x - n;                        \
        const real half = yg_of_bits_##t((yg_bits_of_##t(sum) + (BIAS - 1)) << MANTISSA);          \
        const real y = (r * yg_exp2_slope_##t(r) + 1) * half * 2;                                  \
        const real low = x < -(real)(BIAS - 1) ? 0 : y;                                            \
        return x >= (real)(BIAS + 1) ? (real)INFINITY : low;                                       \
    }                                                                                              \
    YG_VECTOR_INLINE real yg_vector_expm1_##t(real x) {                                            \
        real rest, quarter;                                                                        \
        yg_exp_parts_##t(x, &rest, &quarter);                                                      \
        const real y = (quarter * rest + (quarter - (real)0.25)) * 4;                              \
        const real low = x < (real)M1_LEAST ? -1 : y;                                              \
        const real high = x > (real)M1_MOST ? (real)INFINITY : low;                                \
        return (copysign##suffix)(high, x); /* of 0 too */                                         \
    }                                                                                              \
    YG_VECTOR_INLINE real yg_vector_tanh_##t(real x) {                                             \
        const real size = (fabs##suffix)(x), within = size > 20 ? 20 : size;                       \
        real rest, quarter;                                                                        \
        yg_exp_parts_##t(-2 * within, &rest, &quarter);                                            \
        const real down = quarter * rest + (quarter - (real)0.25); /* (exp(-2 |x|) - 1) / 4 */     \
        return (copysign##suffix)(down / (down + (real)0.5), x);                                   \
    }                                                                                              \
    /* Quarters are added up, and multiplied last: so they overflow only if the result does. */    \
    YG_VECTOR_INLINE real yg_vector_sinh_##t(real x) {                                             \
        const real size = (fabs##suffix)(x), most = (real)SINH_MOST;                               \
        real rest, quarter;                                                                        \
        yg_exp_parts_##t(size > most ? most : size, &rest, &quarter);                              \
        const real part = quarter * rest + quarter;                /* exp(|x|) / 4 */              \
        const real less = quarter * rest + (quarter - (real)0.25); /* (exp(|x|) - 1) / 4 */        \
        return (copysign##suffix)(less * 2 + (real)0.5 * less / part, x);                          \
    }                                                                                              \
    YG_VECTOR_INLINE real yg_vector_cosh_##t(real x) {                                             \
        const real size = (fabs##suffix)(x), most = (real)SINH_MOST;                               \
        real rest, quarter;                                                                        \
        yg_exp_parts_##t(size > most ? most : size, &rest, &quarter);                              \
        const real part = quarter * rest + quarter;                                                \
        return part * 2 + (real)0.125 / part;                                                      \
    }                                                                                              \
    /* log(u + lost), where u is finite and not 0, and lost is what u has lost by rounding.        \
     * u = 2ᵏ · m with m from √½ to √2; lost is added to m - 1. */                         \
    YG_VECTOR_INLINE real yg_log_of_##t(real u, real lost) {                                       \
        enum { TOP = 8 * sizeof(bits) - MANTISSA };                                                \
        const bits power = (yg_bits_of_##t(u) - (bits)ROOT_HALF) >> MANTISSA << MANTISSA;          \
        const real m = yg_of_bits_##t(yg_bits_of_##t(u) - power);                                  \
        const real scale = yg_of_bits_##t(((bits)BIAS << MANTISSA) - power);                       \
        /* k is signed: the bit above its sign is carried away. */                                 \
        const bits biased = (power + ((bits)1 << (MANTISSA + TOP - 2))) >> MANTISSA;               \
        const real k = yg_of_bits_##t(yg_bits_of_##t((real)MAGIC) + biased) -                      \
                       ((real)MAGIC + (real)((bits)1 << (TOP - 2)));                               \
        const real f = (m - 1) + lost * scale;                                                     \
        const real s = f / (2 + f), z = s * s, half = (real)0.5 * f * f;                           \
        const real log_m = f - (half - s * (half + z * yg_log_bend_##t(z)));                       \
        return k * (real)HIGH + (k * (real)LOW + log_m);                                           \
    }                                                                                              \
    YG_VECTOR_INLINE real yg_vector_log1p_##t(real x) {                                            \
        const real u = 1 + x, lost = x > 1 ? 1 - (u - x) : x - (u - 1);                            \
        const real y = (copysign##suffix)(yg_log_of_##t(u, lost), x);                              \
        const real below = x < -1 ? (real)NAN : y, edge = x == -1 ? -(real)INFINITY : below;       \
        return x == (real)INFINITY ? x : edge;                                                     \
    }                                                                                              \
    /* log(1 + exp(x)) for x <= 0. */                                                              \
    YG_VECTOR_INLINE real yg_vector_log1p_exp_##t(real x) {                                        \
        const real e = yg_vector_exp_##t(x), u = 1 + e;                                            \
        return yg_log_of_##t(u, e - (u - 1));                                                      \
    }

YG_VECTOR_FUNCTIONS(f32, float, f, uint32_t, 23, 127, 0x1.8p23f, 0x1.63p-1f, -0x1.bd0106p-13f, -18,
                    88.72283f, 89.5f, 0x3f3504f3)
YG_VECTOR_FUNCTIONS(f64, double, , uint64_t, 52, 1023, 0x1.8p52, 0x1.62e42fee00000p-1,
                    0x1.a39ef35793c76p-33, -40, 709.78271289338397, 710.6, 0x3fe6a09e667f3bcd)

#undef YG_VECTOR_FUNCTIONS

#define YG_VECTOR_OF_TYPE(function, x)                                                             \
    _Generic((x), float : function##_f32, default : function##_f64)(x)
#define YG_VECTOR_EXP(x)       YG_VECTOR_OF_TYPE(yg_vector_exp, x)
#define YG_VECTOR_EXP2(x)      YG_VECTOR_OF_TYPE(yg_vector_exp2, x)
#define YG_VECTOR_EXPM1(x)     YG_VECTOR_OF_TYPE(yg_vector_expm1, x)
#define YG_VECTOR_LOG1P(x)     YG_VECTOR_OF_TYPE(yg_vector_log1p, x)
#define YG_VECTOR_SINH(x)      YG_VECTOR_OF_TYPE(yg_vector_sinh, x)
#define YG_VECTOR_COSH(x)      YG_VECTOR_OF_TYPE(yg_vector_cosh, x)
#define YG_VECTOR_LOG1P_EXP(x) YG_VECTOR_OF_TYPE(yg_vector_log1p_exp, x)
#define YG_VECTOR_TANH(x)      YG_VECTOR_OF_TYPE(yg_vector_tanh, x)

#endif
