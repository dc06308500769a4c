/*
 * The common code of elementwise operators: macros that make tile kernels (yg_tile) for several
 * element types from one expression.
 *
 * The expression computes one element from x, or from a and b, of type `real`. Functions of
 * <tgmath.h> pick the version for that type. Write (real)0.5, not 0.5: a plain literal is a double,
 * and a float kernel would compute in double. If the expression reads attributes, pass `setup`:
 * declarations that are evaluated once for each tile.
 *
 * The bits of an element must not depend on its position in the tensor. Choose the macro so:
 *
 *   plain tiles   for operations that IEEE 754 defines to the last bit: + - * /, comparisons,
 *                 sqrt, rounding
 *   math tiles    for exp, log, … : their vector form and their scalar form differ in the last
 *                 bit, so each element goes through the vector form
 *
 * An exp() in a plain tile is a silent mistake: the last few elements of a tile get other bits.
 */
#ifndef YG_OPS_ELEMENTWISE_H
#define YG_OPS_ELEMENTWISE_H

#include "../graph/graph.h"
#include "multiversion.h"
#include "vector_math.h"

#include <stddef.h>
#include <stdint.h>
#include <tgmath.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------- plain tiles -- */

/* A single loop. `omp simd` promises the compiler that no iteration reads what another one writes.
 * yg_tile guarantees it: `out` is the same buffer as an operand or does not overlap it. */
#define YG_UNARY_TILE_WITH(function, input, output, setup, expression)                             \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        typedef input real;                                                                        \
        const input *in0 = in[0];                                                                  \
        output *result = out;                                                                      \
        (void)attrs;                                                                               \
        setup;                                                                                     \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                       \
            const real x = in0[i];                                                                 \
            result[i] = (output)(expression);                                                      \
        }                                                                                          \
    }

#define YG_UNARY_TILE(function, input, output, expression)                                         \
    YG_UNARY_TILE_WITH(function, input, output, (void)0, expression)

#define YG_BINARY_TILE_WITH(function, input, output, setup, expression)                            \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        typedef input real;                                                                        \
        const input *in0 = in[0];                                                                  \
        const input *in1 = in[1];                                                                  \
        output *result = out;                                                                      \
        (void)attrs;                                                                               \
        setup;                                                                                     \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                       \
            const real a = in0[i], b = in1[i];                                                     \
            result[i] = (output)(expression);                                                      \
        }                                                                                          \
    }

#define YG_BINARY_TILE(function, input, output, expression)                                        \
    YG_BINARY_TILE_WITH(function, input, output, (void)0, expression)

/* Defines name_f32 and name_f64, from a float type to the same type. */
#define YG_UNARY_TILES(name, expression)                                                           \
    YG_UNARY_TILE(name##_f32, float, float, expression)                                            \
    YG_UNARY_TILE(name##_f64, double, double, expression)

#define YG_UNARY_TILES_WITH(name, setup, expression)                                               \
    YG_UNARY_TILE_WITH(name##_f32, float, float, setup, expression)                                \
    YG_UNARY_TILE_WITH(name##_f64, double, double, setup, expression)

#define YG_BINARY_TILES(name, expression) YG_BINARY_TILES_WITH(name, (void)0, expression)

#define YG_BINARY_TILES_WITH(name, setup, expression)                                              \
    YG_BINARY_TILE_WITH(name##_f32, float, float, setup, expression)                               \
    YG_BINARY_TILE_WITH(name##_f64, double, double, setup, expression)

/* Defines name_bool, name_i32 and name_i64. Arithmetic is unsigned, modulo 2^32 or 2^64, because
 * signed overflow is undefined in C. Bools count as 0 and 1 and give i32: see yg_infer_number(). */
#define YG_UNARY_WRAPPING_TILES(name, expression)                                                  \
    YG_UNARY_TILE(name##_bool, uint8_t, uint32_t, expression)                                      \
    YG_UNARY_TILE(name##_i32, uint32_t, uint32_t, expression)                                      \
    YG_UNARY_TILE(name##_i64, uint64_t, uint64_t, expression)

#define YG_BINARY_WRAPPING_TILES(name, expression)                                                 \
    YG_BINARY_TILE(name##_bool, uint8_t, uint32_t, expression)                                     \
    YG_BINARY_TILE(name##_i32, uint32_t, uint32_t, expression)                                     \
    YG_BINARY_TILE(name##_i64, uint64_t, uint64_t, expression)

/* The same in signed arithmetic, for expressions that cannot overflow. The unary macro defines no
 * name_bool: the operator's file defines it. */
#define YG_UNARY_SIGNED_TILES(name, expression)                                                    \
    YG_UNARY_TILE(name##_i32, int32_t, int32_t, expression)                                        \
    YG_UNARY_TILE(name##_i64, int64_t, int64_t, expression)

#define YG_BINARY_SIGNED_TILES(name, expression)                                                   \
    YG_BINARY_TILE(name##_bool, uint8_t, int32_t, expression)                                      \
    YG_BINARY_TILE(name##_i32, int32_t, int32_t, expression)                                       \
    YG_BINARY_TILE(name##_i64, int64_t, int64_t, expression)

/* Defines name_bool, …, name_f64, from each element type to bool: see yg_infer_bool(). */
#define YG_UNARY_TEST_TILES(name, expression)                                                      \
    YG_UNARY_TILE(name##_bool, uint8_t, uint8_t, expression)                                       \
    YG_UNARY_TILE(name##_i32, int32_t, uint8_t, expression)                                        \
    YG_UNARY_TILE(name##_i64, int64_t, uint8_t, expression)                                        \
    YG_UNARY_TILE(name##_f32, float, uint8_t, expression)                                          \
    YG_UNARY_TILE(name##_f64, double, uint8_t, expression)

#define YG_BINARY_TEST_TILES(name, expression)                                                     \
    YG_BINARY_TILE(name##_bool, uint8_t, uint8_t, expression)                                      \
    YG_BINARY_TILE(name##_i32, int32_t, uint8_t, expression)                                       \
    YG_BINARY_TILE(name##_i64, int64_t, uint8_t, expression)                                       \
    YG_BINARY_TILE(name##_f32, float, uint8_t, expression)                                         \
    YG_BINARY_TILE(name##_f64, double, uint8_t, expression)

/* -------------------------------------------------------------------------------- math tiles -- */

/* The loop runs in blocks of YG_MATH_BLOCK elements, which are whole vectors on every machine. The
 * last block is padded in a buffer. So each element goes through the same vector code. Call each
 * function unconditionally: in one arm of a ?: it keeps the loop from being vectorised. */
#define YG_MATH_BLOCK 16

#define YG_UNARY_MATH_TILE(function, type, setup, expression)                                      \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        typedef type real;                                                                         \
        (void)attrs;                                                                               \
        setup;                                                                                     \
        for (size_t start = 0; start < n; start += YG_MATH_BLOCK) {                                \
            real padded[YG_MATH_BLOCK];                                                            \
            const size_t left = n - start;                                                         \
            const real *source = (const real *)in[0] + start;                                      \
            real *target = (real *)out + start;                                                    \
            if (left < YG_MATH_BLOCK) {                                                            \
                for (size_t i = 0; i < YG_MATH_BLOCK; i++)                                         \
                    padded[i] = source[i < left ? i : 0];                                          \
                source = target = padded;                                                          \
            }                                                                                      \
            _Pragma("omp simd") for (size_t i = 0; i < YG_MATH_BLOCK; i++) {                       \
                const real x = source[i];                                                          \
                target[i] = (expression);                                                          \
            }                                                                                      \
            for (size_t i = 0; left < YG_MATH_BLOCK && i < left; i++)                              \
                ((real *)out)[start + i] = padded[i];                                              \
        }                                                                                          \
    }

#define YG_BINARY_MATH_TILE_WITH(function, type, setup, expression)                                \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        typedef type real;                                                                         \
        (void)attrs;                                                                               \
        setup;                                                                                     \
        for (size_t start = 0; start < n; start += YG_MATH_BLOCK) {                                \
            real padded[2][YG_MATH_BLOCK];                                                         \
            const size_t left = n - start;                                                         \
            const real *source0 = (const real *)in[0] + start;                                     \
            const real *source1 = (const real *)in[1] + start;                                     \
            real *target = (real *)out + start;                                                    \
            if (left < YG_MATH_BLOCK) {                                                            \
                for (size_t i = 0; i < YG_MATH_BLOCK; i++) {                                       \
                    padded[0][i] = source0[i < left ? i : 0];                                      \
                    padded[1][i] = source1[i < left ? i : 0];                                      \
                }                                                                                  \
                source0 = target = padded[0];                                                      \
                source1 = padded[1];                                                               \
            }                                                                                      \
            _Pragma("omp simd") for (size_t i = 0; i < YG_MATH_BLOCK; i++) {                       \
                const real a = source0[i], b = source1[i];                                         \
                target[i] = (expression);                                                          \
            }                                                                                      \
            for (size_t i = 0; left < YG_MATH_BLOCK && i < left; i++)                              \
                ((real *)out)[start + i] = padded[0][i];                                           \
        }                                                                                          \
    }

#define YG_BINARY_MATH_TILE(function, type, expression)                                            \
    YG_BINARY_MATH_TILE_WITH(function, type, (void)0, expression)

#define YG_UNARY_MATH_TILES(name, expression)                                                      \
    YG_UNARY_MATH_TILE(name##_f32, float, (void)0, expression)                                     \
    YG_UNARY_MATH_TILE(name##_f64, double, (void)0, expression)

#define YG_UNARY_MATH_TILES_WITH(name, setup, expression)                                          \
    YG_UNARY_MATH_TILE(name##_f32, float, setup, expression)                                       \
    YG_UNARY_MATH_TILE(name##_f64, double, setup, expression)

#define YG_BINARY_MATH_TILES(name, expression) YG_BINARY_MATH_TILES_WITH(name, (void)0, expression)

#define YG_BINARY_MATH_TILES_WITH(name, setup, expression)                                         \
    YG_BINARY_MATH_TILE_WITH(name##_f32, float, setup, expression)                                 \
    YG_BINARY_MATH_TILE_WITH(name##_f64, double, setup, expression)

/* ------------------------------------------------------------------------ descriptor members -- */

/* Values for the member `tile` of a descriptor: only float types, or every element type. */
#define YG_FLOAT_TILES(name)                                                                       \
    { [YG_F32] = name##_f32, [YG_F64] = name##_f64 }

#define YG_ALL_TILES(name)                                                                         \
    {                                                                                              \
        [YG_BOOL] = name##_bool, [YG_I32] = name##_i32, [YG_I64] = name##_i64,                     \
        [YG_F32] = name##_f32, [YG_F64] = name##_f64                                               \
    }

/* Shape rule of arithmetic: the result has the operands' type, but bool gives i32. */
bool yg_infer_number(const yg_infer *call, yg_type *result, yg_error *error);
/* Shape rule of comparisons and other tests: the operands' shape, of bool. */
bool yg_infer_bool(const yg_infer *call, yg_type *result, yg_error *error);

/* For yg_op.simplify: whether `node` is a constant with all elements equal to `value`. */
bool yg_is_scalar_value(const yg_graph *graph, yg_node node, double value);

/* For yg_op.simplify: the operand of `node` if that is a node of the unary operator `op`, otherwise
 * YG_NONE. */
yg_node yg_operand_if(const yg_graph *graph, yg_node node, const yg_op *op);

/* For yg_op.simplify, for identities such as x + 0 = x. Returns x; but YG_NONE if x is bool, since
 * arithmetic gives i32 then and x has the wrong type. */
yg_node yg_number_identity(const yg_graph *graph, yg_node x);

/* Samples for the tests of elementwise operators with float operands: several tiles, a size that is
 * not a multiple of a vector, a scalar, no elements. The binary ones broadcast either operand. */
extern const yg_sample yg_unary_samples[4];
extern const yg_sample yg_binary_samples[6];
/* The same, then integer and bool operands. */
extern const yg_sample yg_unary_number_samples[6];
extern const yg_sample yg_binary_number_samples[10];

#define YG_SAMPLES(array) .samples = (array), .sample_count = sizeof(array) / sizeof *(array)

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
