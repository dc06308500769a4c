/*
 * exp(), expm1() and erfc() that take the same time for all x.
 *
 * libmvec computes elements one by one where the result leaves the range of normal numbers, and
 * that takes 15 to 100 times as long. Saturated networks are full of such elements. So the function
 * is called with 0 in their place, and the result is put there afterwards. A result below the
 * smallest normal number becomes 0.
 *
 * Elements are chosen by masks of bits. With conditions gcc would see that the call is not needed
 * for all elements, put a branch around it, and not vectorise the loop.
 */
#ifndef YG_OPS_EXP_RANGE_H
#define YG_OPS_EXP_RANGE_H

#include "vector_math.h"

#include <stdint.h>
#include <string.h>

/* For each type: x where `mask` is all ones, 0 where it is 0; either of two numbers; and the
 * functions. The limits are those of the fast code in libmvec: LIMIT of exp(), ERFC_LIMIT of
 * erfc(), LOG_LIMIT of log1p() after exp(). expm1(x) is -1 below -40. */
#define YG_RANGE_FUNCTIONS(t, real, integer, exp, expm1, log1p, erfc, fabs, LIMIT, LOG_LIMIT,      \
                           ERFC_LIMIT)                                                             \
    static inline __attribute__((always_inline)) real yg_masked_##t(real x, integer mask) {        \
        integer bits;                                                                              \
        memcpy(&bits, &x, sizeof bits);                                                            \
        bits &= mask;                                                                              \
        memcpy(&x, &bits, sizeof x);                                                               \
        return x;                                                                                  \
    }                                                                                              \
    static inline __attribute__((always_inline))                                                   \
    real yg_either_##t(real x, integer mask, real other) {                                         \
        integer bits, others;                                                                      \
        memcpy(&bits, &x, sizeof bits);                                                            \
        memcpy(&others, &other, sizeof others);                                                    \
        bits = (bits & mask) | (others & ~mask);                                                   \
        memcpy(&x, &bits, sizeof x);                                                               \
        return x;                                                                                  \
    }                                                                                              \
    /* exp(x); slow where it overflows, or nearly. */                                              \
    static inline __attribute__((always_inline)) real yg_exp_low_##t(real x) {                     \
        const integer keep = -(integer) !(x < -(real)LIMIT);                                       \
        return yg_masked_##t((exp)(yg_masked_##t(x, keep)), keep);                                 \
    }                                                                                              \
    /* exp(x), but infinity where x > LIMIT. */                                                    \
    static inline __attribute__((always_inline)) real yg_exp_within_##t(real x) {                  \
        const integer keep = -(integer) !((fabs)(x) > (real)LIMIT);                                \
        const real beyond = yg_masked_##t((real)INFINITY, -(integer)(x > 0));                      \
        return yg_either_##t((exp)(yg_masked_##t(x, keep)), keep, beyond);                         \
    }                                                                                              \
    /* log(1 + exp(x)) for x <= 0. log1p() is slow just above the smallest normal number, too. */  \
    static inline __attribute__((always_inline)) real yg_log1p_exp_##t(real x) {                   \
        const integer keep = -(integer) !(x < -(real)LOG_LIMIT);                                   \
        return (log1p)(yg_masked_##t((exp)(yg_masked_##t(x, keep)), keep));                        \
    }                                                                                              \
    /* 1 / (1 + exp(-x)), of an exponential that is at most 1. */                                  \
    static inline __attribute__((always_inline)) real yg_logistic_##t(real x) {                    \
        const real e = yg_exp_low_##t(-(fabs)(x));                                                 \
        return yg_either_##t(e, -(integer)(x < 0), 1) / (1 + e);                                   \
    }                                                                                              \
    /* expm1(x); slow where it overflows. */                                                       \
    static inline __attribute__((always_inline)) real yg_expm1_low_##t(real x) {                   \
        const integer keep = -(integer) !(x < -40);                                                \
        return yg_either_##t((expm1)(yg_masked_##t(x, keep)), keep, -1);                           \
    }                                                                                              \
    static inline __attribute__((always_inline)) real yg_erfc_##t(real x) {                        \
        const integer keep = -(integer) !(x > (real)ERFC_LIMIT);                                   \
        return yg_masked_##t((erfc)(yg_masked_##t(x, keep)), keep);                                \
    }

#define YG_EXP_LIMIT_F32 87.336
#define YG_EXP_LIMIT_F64 708
#define YG_LOG_LIMIT_F32 85
#define YG_LOG_LIMIT_F64 700

YG_RANGE_FUNCTIONS(f32, float, int32_t, expf, expm1f, log1pf, erfcf, fabsf, YG_EXP_LIMIT_F32,
                   YG_LOG_LIMIT_F32, 9.19)
YG_RANGE_FUNCTIONS(f64, double, int64_t, exp, expm1, log1p, erfc, fabs, YG_EXP_LIMIT_F64,
                   YG_LOG_LIMIT_F64, 26.5)

#undef YG_RANGE_FUNCTIONS

/* Defines a tile `function` that calls the tile `within` if all elements of operand 0 are within
 * (-limit, limit), and `anywhere` otherwise. Both must give the same bits there. The masks above
 * make a cheap function a third slower, and looking at a tile first costs next to nothing. Of a
 * small tile the masks cost less. */
#define YG_TILE_BY_RANGE(function, real, limit, within, anywhere)                                  \
    YG_MULTIVERSION static int function##_range(const real *x, size_t n) {                         \
        int beyond = 0;                                                                            \
        _Pragma("omp simd reduction(|:beyond)") for (size_t i = 0; i < n; i++) beyond |=           \
            !(fabs(x[i]) < (real)(limit));                                                         \
        return beyond;                                                                             \
    }                                                                                              \
    static void function(void *out, const void *const *in, size_t n, const yg_attr *attrs) {       \
        if (n <= 16 || function##_range((const real *)in[0], n))                                   \
            anywhere(out, in, n, attrs);                                                           \
        else                                                                                       \
            within(out, in, n, attrs);                                                             \
    }

#define YG_OF_TYPE(function, x) _Generic((x), float : function##_f32, default : function##_f64)(x)
#define YG_EXP_LOW(x)           YG_OF_TYPE(yg_exp_low, x)
#define YG_EXP_WITHIN(x)        YG_OF_TYPE(yg_exp_within, x)
#define YG_LOG1P_EXP(x)         YG_OF_TYPE(yg_log1p_exp, x)
#define YG_LOGISTIC(x)          YG_OF_TYPE(yg_logistic, x)
#define YG_EXPM1_LOW(x)         YG_OF_TYPE(yg_expm1_low, x)
#define YG_ERFC(x)              YG_OF_TYPE(yg_erfc, x)

#endif
