/*
 * Functions of libmvec that take the same time for all x. vector_functions.h has more functions,
 * which need no such care.
 *
 * libmvec computes elements one by one where the result leaves the range of normal numbers, and
 * where it is NaN though x is not. That takes 4 to 100 times as long. Saturated networks are full
 * of such elements. So the function is called with 0 in their place, and the result is put there
 * afterwards. A result below the smallest normal number becomes 0.
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

/* For each type: x where `mask` is all ones, 0 where it is 0; either of two numbers; and the
 * functions. The limits are those of the fast code in libmvec: LIMIT of exp(), ERFC_LIMIT of
 * erfc(). `f` is the suffix of the functions of <math.h>. */
#define YG_RANGE_FUNCTIONS(t, real, integer, f, LIMIT, ERFC_LIMIT)                                 \
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
    static inline __attribute__((always_inline)) real yg_erfc_##t(real x) {                        \
        const integer keep = -(integer) !(x > (real)ERFC_LIMIT);                                   \
        return yg_masked_##t((erfc##f)(yg_masked_##t(x, keep)), keep);                             \
    }

YG_RANGE_FUNCTIONS(f32, float, int32_t, f, 87.336, 9.19)
YG_RANGE_FUNCTIONS(f64, double, int64_t, , 708, 26.5)

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
#define YG_ASIN(x)              YG_OF_TYPE(yg_asin, x)
#define YG_ACOS(x)              YG_OF_TYPE(yg_acos, x)
#define YG_ATANH(x)             YG_OF_TYPE(yg_atanh, x)
#define YG_EXP_LOW(x)           YG_OF_TYPE(yg_exp_low, x)
#define YG_EXP_WITHIN(x)        YG_OF_TYPE(yg_exp_within, x)
#define YG_ERFC(x)              YG_OF_TYPE(yg_erfc, x)

#endif
