/*
 * What elementwise operators share: tile kernels from one expression, for both float types.
 *
 * A tile kernel is written once, as an expression over x (or a and b) of type `real`. Functions of
 * <tgmath.h> pick the type's own version. Literals that are not whole numbers are cast:
 * `(real)0.5`, so that a float kernel computes in float.
 */
#ifndef YG_OPS_ELEMENTWISE_H
#define YG_OPS_ELEMENTWISE_H

#include "../graph/op.h"

#include <stddef.h>
#include <stdint.h>
#include <tgmath.h>

#pragma GCC visibility push(default)

/* One loop. `omp simd` promises what the contract of yg_tile says: an operand may be the result
 * itself, element for element, and nothing else overlaps. */
#define YG_UNARY_TILE(function, input, output, expression)                                         \
    static void function(void *out, const void *const *in, size_t n, const yg_attr *attrs) {       \
        typedef input real;                                                                        \
        const input *in0 = in[0];                                                                  \
        output *result = out;                                                                      \
        (void)attrs;                                                                               \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                       \
            const real x = in0[i];                                                                 \
            result[i] = (output)(expression);                                                      \
        }                                                                                          \
    }

#define YG_BINARY_TILE(function, input, output, expression)                                        \
    static void function(void *out, const void *const *in, size_t n, const yg_attr *attrs) {       \
        typedef input real;                                                                        \
        const input *in0 = in[0];                                                                  \
        const input *in1 = in[1];                                                                  \
        output *result = out;                                                                      \
        (void)attrs;                                                                               \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                       \
            const real a = in0[i], b = in1[i];                                                     \
            result[i] = (output)(expression);                                                      \
        }                                                                                          \
    }

/* name_f32 and name_f64, float to float */
#define YG_UNARY_TILES(name, expression)                                                           \
    YG_UNARY_TILE(name##_f32, float, float, expression)                                            \
    YG_UNARY_TILE(name##_f64, double, double, expression)

#define YG_BINARY_TILES(name, expression)                                                          \
    YG_BINARY_TILE(name##_f32, float, float, expression)                                           \
    YG_BINARY_TILE(name##_f64, double, double, expression)

/* The `tile` member for operators that take floats only. */
#define YG_FLOAT_TILES(name)                                                                       \
    { [YG_F32] = name##_f32, [YG_F64] = name##_f64 }

/* Shapes that every elementwise operator is tested on: several tiles, an odd size, a scalar, no
 * elements. */
extern const yg_sample yg_unary_samples[4];
extern const yg_sample yg_binary_samples[6]; /* with broadcasting on either side */

#pragma GCC visibility pop

#endif
