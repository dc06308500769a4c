/*
 * The tile kernels of floor_divide and remainder.
 *
 * Unless a / b is very large, k = floor(a / b) is right or 1 too high. The rest a - k·b is exact,
 * and its sign tells which. A whole vector of such divisions takes little longer than a single one
 * by yg_divide_floor(), which calls fmod(). Of a block with a very large quotient, multiples of b
 * are subtracted first until the quotient is small: each step takes 25 bits off it. Numbers that
 * are infinite or NaN, or whose quotient is, go through yg_divide_floor(). All ways give the same
 * results.
 */
#ifndef YG_OPS_FLOOR_DIVISION_TILE_H
#define YG_OPS_FLOOR_DIVISION_TILE_H

#include "elementwise.h"
#include "floor_division.h"

#include <string.h>

/* a - k·b, exactly, for a whole number k with |k| < YG_WHOLE_…. If a and b are floats, k·b fits a
 * double. If they are doubles, fma() keeps all digits of k·b. */
#define YG_REST_F32(a, k, b) ((a) - (k) * (b))
#define YG_REST_F64(a, k, b) (fma(-(k), (b), (a)))
#define YG_WHOLE_F32         0x1p27
#define YG_WHOLE_F64         0x1p50

/* The first 26 bits of a number. Their product with a float fits a double. */
static inline __attribute__((always_inline)) double yg_first_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= ~(((uint64_t)1 << 27) - 1);
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Defines function_far: the same for a block in which |a / b| may be large. rests[i] is a[i] less a
 * multiple of b[i]; the difference is exact, as that of fmod(). */
#define YG_FLOOR_DIVISION_FAR(function, type, TYPE, member)                                        \
    static inline __attribute__((always_inline)) void function##_far(const type *a, const type *b, \
                                                                     size_t count, type *result) { \
        double rests[YG_MATH_BLOCK];                                                               \
        int is_far = 1, is_odd = 0;                                                                \
        for (size_t i = 0; i < count; i++)                                                         \
            rests[i] = (double)a[i];                                                               \
        while (is_far) {                                                                           \
            is_far = 0;                                                                            \
            _Pragma("omp simd reduction(| : is_far)") for (size_t i = 0; i < count; i++) {         \
                const double divisor = (double)b[i], ratio = rests[i] / divisor;                   \
                const int far = (fabs(ratio) >= YG_WHOLE_##TYPE) & (fabs(ratio) < INFINITY);       \
                const double whole = yg_first_bits(far ? ratio : 0);                               \
                const double less = YG_REST_##TYPE(rests[i], whole, divisor);                      \
                rests[i] = far ? less : rests[i]; /* not 0 - 0, which would be another zero */     \
                is_far |= far;                                                                     \
            }                                                                                      \
        }                                                                                          \
        _Pragma("omp simd reduction(| : is_odd)") for (size_t i = 0; i < count; i++) {             \
            const double dividend = (double)a[i], divisor = (double)b[i];                          \
            const double first = dividend / divisor, ratio = rests[i] / divisor;                   \
            const double whole = floor(ratio);                                                     \
            const double over = YG_REST_##TYPE(rests[i], whole, divisor);                          \
            const bool is_less = (over != 0) & ((over < 0) != (divisor < 0));                      \
            const double sum = over + (is_less ? divisor : 0);                                     \
            const double rest = over == 0 ? copysign(0, divisor) : sum;                            \
            /* What fmod() gives has the sign of the dividend. */                                  \
            const bool turns = (over != 0) & ((over < 0) != (dividend < 0));                       \
            const double side = dividend < 0 ? -fabs(divisor) : fabs(divisor);                     \
            const double c_rest = over + (turns ? side : 0);                                       \
            const bool differs = (c_rest != 0) & ((c_rest < 0) != (divisor < 0));                  \
            const double far_quotient = rint((dividend - c_rest) / divisor - (differs ? 1 : 0));   \
            const bool is_near = fabs(first) < YG_WHOLE_##TYPE;                                    \
            const double quotient = is_near ? whole - (is_less ? 1 : 0) : far_quotient;            \
            (void)rest, (void)quotient;                                                            \
            is_odd |= !(fabs(first) < INFINITY) | !(fabs(divisor) < INFINITY);                     \
            result[i] = (type)member;                                                              \
        }                                                                                          \
        for (size_t i = 0; is_odd && i < count; i++) {                                             \
            if (!(fabs((double)a[i] / (double)b[i]) < INFINITY) || isinf(b[i]))                    \
                result[i] = (type)yg_divide_floor((double)a[i], (double)b[i]).member;              \
        }                                                                                          \
    }

/* Defines a tile that computes `member`, either `quotient` or `rest`. A block's results are written
 * only when they are final: the tile may work in place, and the second loop reads the operands
 * again. */
#define YG_FLOOR_DIVISION_TILE(function, type, TYPE, member)                                       \
    YG_FLOOR_DIVISION_FAR(function, type, TYPE, member)                                            \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        (void)attrs;                                                                               \
        for (size_t start = 0; start < n; start += YG_MATH_BLOCK) {                                \
            const size_t left = n - start, count = left < YG_MATH_BLOCK ? left : YG_MATH_BLOCK;    \
            const type *a = (const type *)in[0] + start, *b = (const type *)in[1] + start;         \
            type result[YG_MATH_BLOCK] = {0};                                                      \
            int others = 0;                                                                        \
            _Pragma("omp simd reduction(| : others)") for (size_t i = 0; i < count; i++) {         \
                const double dividend = (double)a[i], divisor = (double)b[i];                      \
                const double ratio = dividend / divisor, whole = floor(ratio);                     \
                const double over = YG_REST_##TYPE(dividend, whole, divisor);                      \
                const bool is_less = (over != 0) & ((over < 0) != (divisor < 0));                  \
                const double sum = over + (is_less ? divisor : 0);                                 \
                const double rest = over == 0 ? copysign(0, divisor) : sum;                        \
                const double quotient = whole - (is_less ? 1 : 0);                                 \
                (void)rest, (void)quotient;                                                        \
                others |= !(fabs(ratio) < YG_WHOLE_##TYPE);                                        \
                others |= !(fabs(divisor) < INFINITY);                                             \
                result[i] = (type)member;                                                          \
            }                                                                                      \
            if (others)                                                                            \
                function##_far(a, b, count, result);                                               \
            memcpy((type *)out + start, result, count * sizeof(type));                             \
        }                                                                                          \
    }

#define YG_FLOOR_DIVISION_TILES(name, member)                                                      \
    YG_FLOOR_DIVISION_TILE(name##_f32, float, F32, member)                                         \
    YG_FLOOR_DIVISION_TILE(name##_f64, double, F64, member)

#endif
