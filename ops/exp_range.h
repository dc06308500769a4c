/*
 * Functions that take the same time for all x.
 *
 * libmvec computes elements one by one where the result leaves the range of normal numbers, and
 * where it is NaN though x is not. That takes 4 to 100 times as long. Saturated networks are full
 * of such elements. So the function is called with 0 in their place, and the result is put there
 * afterwards. A result below the smallest normal number becomes 0.
 *
 * libmvec's fast code ends a little before a result overflows. From there on exp(x) is computed as
 * exp(x - 8) · e⁸, and sinh and cosh likewise: there x - 8 is exact, and the product overflows
 * where exp(x) does. x is first bounded to TOP, which lies beyond that.
 *
 * Elements are chosen by masks of bits. With conditions gcc would see that the call is not needed
 * for all elements, put a branch around it, and not vectorise the loop.
 */
#ifndef YG_OPS_EXP_RANGE_H
#define YG_OPS_EXP_RANGE_H

#include "vector_math.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define YG_EXP_SHIFT  8
#define YG_EXP_FACTOR 2980.9579870417282747 /* e⁸ */

/* For each type: x where `mask` is all ones, 0 where it is 0; either of two numbers; and the
 * functions. The limits are those of the fast code in libmvec: LIMIT of exp(), ERFC_LIMIT of
 * erfc(), LOG_LIMIT of log1p() after exp(). expm1(x) is -1 below -40. `f` is the suffix of the
 * functions of <math.h>. 2ˣ is a normal number for x in [-EXPONENT, EXPONENT]. */
#define YG_RANGE_FUNCTIONS(t, real, integer, f, LIMIT, LOG_LIMIT, ERFC_LIMIT, TOP, EXPONENT)       \
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
        return yg_masked_##t((exp##f)(yg_masked_##t(x, keep)), keep);                              \
    }                                                                                              \
    /* All ones where |x| > LIMIT; x, or what is left of it after the shift; the factor for that.  \
     */                                                                                            \
    static inline __attribute__((always_inline)) integer yg_is_high_##t(real x) {                  \
        return -(integer)((fabs##f)(x) > (real)LIMIT);                                             \
    }                                                                                              \
    static inline __attribute__((always_inline)) real yg_shifted_##t(real x, integer high) {       \
        const real size = (fabs##f)(x), bounded = size > (real)TOP ? (real)TOP : size;             \
        return (copysign##f)(bounded - yg_masked_##t(YG_EXP_SHIFT, high), x);                      \
    }                                                                                              \
    static inline __attribute__((always_inline)) real yg_unshifted_##t(real y, integer high) {     \
        return y * yg_either_##t((real)YG_EXP_FACTOR, high, 1);                                    \
    }                                                                                              \
    static inline __attribute__((always_inline)) real yg_exp_##t(real x) {                         \
        const integer keep = -(integer) !(x < -(real)LIMIT), high = -(integer)(x > (real)LIMIT);   \
        const real bounded = x > (real)TOP ? (real)TOP : x;                                        \
        const real shifted = bounded - yg_masked_##t(YG_EXP_SHIFT, high);                          \
        const real y = yg_masked_##t((exp##f)(yg_masked_##t(shifted, keep)), keep);                \
        return yg_unshifted_##t(y, high);                                                          \
    }                                                                                              \
    static inline __attribute__((always_inline)) real yg_sinh_##t(real x) {                        \
        const integer high = yg_is_high_##t(x);                                                    \
        return yg_unshifted_##t((sinh##f)(yg_shifted_##t(x, high)), high);                         \
    }                                                                                              \
    static inline __attribute__((always_inline)) real yg_cosh_##t(real x) {                        \
        const integer high = yg_is_high_##t(x);                                                    \
        return yg_unshifted_##t((cosh##f)(yg_shifted_##t(x, high)), high);                         \
    }                                                                                              \
    /* 2^x. A step back by 8 is a factor 256. */                                                   \
    static inline __attribute__((always_inline)) real yg_exp2_##t(real x) {                        \
        const integer keep = -(integer) !(x < -(real)EXPONENT);                                    \
        const integer high = -(integer)(x > (real)EXPONENT);                                       \
        const real top = (real)EXPONENT + 6, bounded = x > top ? top : x;                          \
        const real shifted = bounded - yg_masked_##t(8, high);                                     \
        return yg_masked_##t((exp2##f)(yg_masked_##t(shifted, keep)), keep) *                      \
               yg_either_##t(256, high, 1);                                                        \
    }                                                                                              \
    /* NaN outside of the domain. */                                                               \
    static inline __attribute__((always_inline)) real yg_log1p_##t(real x) {                       \
        const integer keep = -(integer) !(x < -1);                                                 \
        return yg_either_##t((log1p##f)(yg_masked_##t(x, keep)), keep, (real)NAN);                 \
    }                                                                                              \
    static inline __attribute__((always_inline)) real yg_asin_##t(real x) {                        \
        const integer keep = -(integer) !((fabs##f)(x) > 1);                                       \
        return yg_either_##t((asin##f)(yg_masked_##t(x, keep)), keep, (real)NAN);                  \
    }                                                                                              \
    static inline __attribute__((always_inline)) real yg_acos_##t(real x) {                        \
        const integer keep = -(integer) !((fabs##f)(x) > 1);                                       \
        return yg_either_##t((acos##f)(yg_masked_##t(x, keep)), keep, (real)NAN);                  \
    }                                                                                              \
    static inline __attribute__((always_inline)) real yg_atanh_##t(real x) {                       \
        const integer keep = -(integer) !((fabs##f)(x) > 1);                                       \
        return yg_either_##t((atanh##f)(yg_masked_##t(x, keep)), keep, (real)NAN);                 \
    }                                                                                              \
    /* exp(x), but infinity where x > LIMIT. */                                                    \
    static inline __attribute__((always_inline)) real yg_exp_within_##t(real x) {                  \
        const integer keep = -(integer) !((fabs##f)(x) > (real)LIMIT);                             \
        const real beyond = yg_masked_##t((real)INFINITY, -(integer)(x > 0));                      \
        return yg_either_##t((exp##f)(yg_masked_##t(x, keep)), keep, beyond);                      \
    }                                                                                              \
    /* log(1 + exp(x)) for x <= 0. log1p() is slow just above the smallest normal number, too. */  \
    static inline __attribute__((always_inline)) real yg_log1p_exp_##t(real x) {                   \
        const integer keep = -(integer) !(x < -(real)LOG_LIMIT);                                   \
        return (log1p##f)(yg_masked_##t((exp##f)(yg_masked_##t(x, keep)), keep));                  \
    }                                                                                              \
    /* 1 / (1 + exp(-x)), of an exponential that is at most 1. */                                  \
    static inline __attribute__((always_inline)) real yg_logistic_##t(real x) {                    \
        const real e = yg_exp_low_##t(-(fabs##f)(x));                                              \
        return yg_either_##t(e, -(integer)(x < 0), 1) / (1 + e);                                   \
    }                                                                                              \
    /* expm1(x); slow where it overflows. */                                                       \
    static inline __attribute__((always_inline)) real yg_expm1_low_##t(real x) {                   \
        const integer keep = -(integer) !(x < -40);                                                \
        return yg_either_##t((expm1##f)(yg_masked_##t(x, keep)), keep, -1);                        \
    }                                                                                              \
    /* Where x is shifted, 1 is far less than the last digit of the result. */                     \
    static inline __attribute__((always_inline)) real yg_expm1_##t(real x) {                       \
        const integer high = -(integer)(x > 60);                                                   \
        const real bounded = x > (real)TOP ? (real)TOP : x;                                        \
        return yg_unshifted_##t(yg_expm1_low_##t(bounded - yg_masked_##t(YG_EXP_SHIFT, high)),     \
                                high);                                                             \
    }                                                                                              \
    static inline __attribute__((always_inline)) real yg_erfc_##t(real x) {                        \
        const integer keep = -(integer) !(x > (real)ERFC_LIMIT);                                   \
        return yg_masked_##t((erfc##f)(yg_masked_##t(x, keep)), keep);                             \
    }

#define YG_EXP_LIMIT_F32 87.336
#define YG_EXP_LIMIT_F64 708
#define YG_LOG_LIMIT_F32 85
#define YG_LOG_LIMIT_F64 700

YG_RANGE_FUNCTIONS(f32, float, int32_t, f, YG_EXP_LIMIT_F32, YG_LOG_LIMIT_F32, 9.19, 91, 126)
YG_RANGE_FUNCTIONS(f64, double, int64_t, , YG_EXP_LIMIT_F64, YG_LOG_LIMIT_F64, 26.5, 713, 1022)

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

/* Defines name_f32 and name_f64 so, from two expressions of x. */
#define YG_TILES_BY_RANGE(name, limit_f32, limit_f64, within, anywhere)                            \
    YG_UNARY_MATH_TILES(name##_within, within)                                                     \
    YG_UNARY_MATH_TILES(name##_anywhere, anywhere)                                                 \
    YG_TILE_BY_RANGE(name##_f32, float, limit_f32, name##_within_f32, name##_anywhere_f32)         \
    YG_TILE_BY_RANGE(name##_f64, double, limit_f64, name##_within_f64, name##_anywhere_f64)

#define YG_OF_TYPE(function, x) _Generic((x), float : function##_f32, default : function##_f64)(x)
#define YG_EXP(x)               YG_OF_TYPE(yg_exp, x)
#define YG_EXP2(x)              YG_OF_TYPE(yg_exp2, x)
#define YG_EXPM1(x)             YG_OF_TYPE(yg_expm1, x)
#define YG_SINH(x)              YG_OF_TYPE(yg_sinh, x)
#define YG_COSH(x)              YG_OF_TYPE(yg_cosh, x)
#define YG_LOG1P(x)             YG_OF_TYPE(yg_log1p, x)
#define YG_ASIN(x)              YG_OF_TYPE(yg_asin, x)
#define YG_ACOS(x)              YG_OF_TYPE(yg_acos, x)
#define YG_ATANH(x)             YG_OF_TYPE(yg_atanh, x)
#define YG_EXP_LOW(x)           YG_OF_TYPE(yg_exp_low, x)
#define YG_EXP_WITHIN(x)        YG_OF_TYPE(yg_exp_within, x)
#define YG_LOG1P_EXP(x)         YG_OF_TYPE(yg_log1p_exp, x)
#define YG_LOGISTIC(x)          YG_OF_TYPE(yg_logistic, x)
#define YG_EXPM1_LOW(x)         YG_OF_TYPE(yg_expm1_low, x)
#define YG_ERFC(x)              YG_OF_TYPE(yg_erfc, x)

#endif
