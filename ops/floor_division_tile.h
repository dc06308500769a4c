/*
 * The tiles of floor_divide and remainder.
 *
 * Where a / b is not so large that its floor is lost, the quotient k is off by one at most. The
 * sign of the rest a - k·b tells. A vector of such divisions takes little longer than one by
 * fmod(), to which all others are left. Exact results are the same either way.
 */
#ifndef YG_OPS_FLOOR_DIVISION_TILE_H
#define YG_OPS_FLOOR_DIVISION_TILE_H

#include "elementwise.h"
#include "floor_division.h"

#include <string.h>

/* a - k·b for a whole number k: floats have k·b in a double, of which `largest` is the bound for k;
 * doubles need fma(). */
#define YG_REST_F32(a, k, b) ((a) - (k) * (b))
#define YG_REST_F64(a, k, b) (fma(-(k), (b), (a)))
#define YG_WHOLE_F32         0x1p27
#define YG_WHOLE_F64         0x1p50

/* A tile of `quotient` or `rest`. Results stand aside until it is clear whether they are good,
 * because the tile may work in place. */
#define YG_FLOOR_DIVISION_TILE(function, type, TYPE, member)                                       \
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
            for (size_t i = 0; others && i < count; i++)                                           \
                result[i] = (type)yg_divide_floor((double)a[i], (double)b[i]).member;              \
            memcpy((type *)out + start, result, count * sizeof(type));                             \
        }                                                                                          \
    }

#define YG_FLOOR_DIVISION_TILES(name, member)                                                      \
    YG_FLOOR_DIVISION_TILE(name##_f32, float, F32, member)                                         \
    YG_FLOOR_DIVISION_TILE(name##_f64, double, F64, member)

#endif
