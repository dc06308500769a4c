/*
 * The tile kernels of floor_divide and remainder.
 *
 * Unless a / b is very large, k = floor(a / b) is right or 1 too high. The rest a - k·b is exact,
 * and its sign tells which. A whole vector of such divisions takes little longer than a single one
 * by yg_divide_floor(), which calls fmod(). Blocks with a very large or infinite number go through
 * yg_divide_floor(). Both ways give the same results.
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

/* Defines a tile that computes `member`, either `quotient` or `rest`. A block's results are written
 * only when they are final: the tile may work in place, and the second loop reads the operands
 * again. */
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
