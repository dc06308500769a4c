/*
 * What elementwise operators share: tile kernels from one expression, for the element types.
 *
 * A tile kernel is written once, as an expression over x (or a and b) of type `real`. Functions of
 * <tgmath.h> pick the type's own version. Literals that are not whole numbers are cast:
 * `(real)0.5`, so that a float kernel computes in float. An expression that reads attributes comes
 * with `setup`: declarations that are evaluated once for each tile.
 *
 * An element's bits do not depend on where in the tensor it stands: what the macros make of an
 * expression is either exact by IEEE 754 (arithmetic, comparisons, sqrt, rounding: "plain" tiles)
 * or goes through the same vector code at each position ("math" tiles).
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

/* -------------------------------------------------------------------------------- plain tiles --
 */

/* One loop. `omp simd` promises what the contract of yg_tile says: an operand may be the result
 * itself, element for element, and nothing else overlaps. */
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

#define YG_BINARY_TILE(function, input, output, expression)                                        \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
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

#define YG_UNARY_TILES_WITH(name, setup, expression)                                               \
    YG_UNARY_TILE_WITH(name##_f32, float, float, setup, expression)                                \
    YG_UNARY_TILE_WITH(name##_f64, double, double, setup, expression)

#define YG_BINARY_TILES(name, expression)                                                          \
    YG_BINARY_TILE(name##_f32, float, float, expression)                                           \
    YG_BINARY_TILE(name##_f64, double, double, expression)

/* name_bool, name_i32 and name_i64, integer arithmetic modulo 2^32 and 2^64 (unsigned, where
 * overflow is defined). Bools count as 0 and 1, and give i32: see yg_infer_number(). */
#define YG_UNARY_WRAPPING_TILES(name, expression)                                                  \
    YG_UNARY_TILE(name##_bool, uint8_t, uint32_t, expression)                                      \
    YG_UNARY_TILE(name##_i32, uint32_t, uint32_t, expression)                                      \
    YG_UNARY_TILE(name##_i64, uint64_t, uint64_t, expression)

#define YG_BINARY_WRAPPING_TILES(name, expression)                                                 \
    YG_BINARY_TILE(name##_bool, uint8_t, uint32_t, expression)                                     \
    YG_BINARY_TILE(name##_i32, uint32_t, uint32_t, expression)                                     \
    YG_BINARY_TILE(name##_i64, uint64_t, uint64_t, expression)

/* The same in signed arithmetic, for expressions that cannot overflow. (A unary operator writes its
 * bool tile itself.) */
#define YG_UNARY_SIGNED_TILES(name, expression)                                                    \
    YG_UNARY_TILE(name##_i32, int32_t, int32_t, expression)                                        \
    YG_UNARY_TILE(name##_i64, int64_t, int64_t, expression)

#define YG_BINARY_SIGNED_TILES(name, expression)                                                   \
    YG_BINARY_TILE(name##_bool, uint8_t, int32_t, expression)                                      \
    YG_BINARY_TILE(name##_i32, int32_t, int32_t, expression)                                       \
    YG_BINARY_TILE(name##_i64, int64_t, int64_t, expression)

/* Any element type to bool: see yg_infer_bool(). */
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

/* --------------------------------------------------------------------------------- math tiles --
 */

/* For expressions with exp, log, … A vectorised exp and the scalar one differ in the last bit, so
 * the loop runs in blocks of this many elements, whole vectors on every machine, and the last block
 * is padded in a buffer of its own: each element meets the same code. A function must be called
 * whatever the element is (not in one arm of a condition), or the loop is not vectorised. */
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

#define YG_BINARY_MATH_TILE(function, type, expression)                                            \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        typedef type real;                                                                         \
        (void)attrs;                                                                               \
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

#define YG_UNARY_MATH_TILES(name, expression)                                                      \
    YG_UNARY_MATH_TILE(name##_f32, float, (void)0, expression)                                     \
    YG_UNARY_MATH_TILE(name##_f64, double, (void)0, expression)

#define YG_UNARY_MATH_TILES_WITH(name, setup, expression)                                          \
    YG_UNARY_MATH_TILE(name##_f32, float, setup, expression)                                       \
    YG_UNARY_MATH_TILE(name##_f64, double, setup, expression)

#define YG_BINARY_MATH_TILES(name, expression)                                                     \
    YG_BINARY_MATH_TILE(name##_f32, float, expression)                                             \
    YG_BINARY_MATH_TILE(name##_f64, double, expression)

/* ------------------------------------------------------------------------- descriptor members --
 */

/* The `tile` member: floats only; every element type. */
#define YG_FLOAT_TILES(name)                                                                       \
    { [YG_F32] = name##_f32, [YG_F64] = name##_f64 }

#define YG_ALL_TILES(name)                                                                         \
    {                                                                                              \
        [YG_BOOL] = name##_bool, [YG_I32] = name##_i32, [YG_I64] = name##_i64,                     \
        [YG_F32] = name##_f32, [YG_F64] = name##_f64                                               \
    }

/* Shape rules. Arithmetic: the operands' type, but bools count as the numbers 0 and 1 and give i32.
 * Tests: bool. */
bool yg_infer_number(const yg_infer *call, yg_type *result, yg_error *error);
bool yg_infer_bool(const yg_infer *call, yg_type *result, yg_error *error);

/* Whether `node` is a constant that holds `value` everywhere. For peephole rules. */
bool yg_is_scalar_value(const yg_graph *graph, yg_node node, double value);

/* The operand of `node` if it is of the unary operator `op`, YG_NONE otherwise. */
yg_node yg_operand_if(const yg_graph *graph, yg_node node, const yg_op *op);

/* `x` if it may stand for the result of an arithmetic operator on it, YG_NONE if `x` is bool and
 * the result therefore i32. For identities such as x + 0 = x. */
yg_node yg_number_identity(const yg_graph *graph, yg_node x);

/* Shapes that every elementwise operator is tested on: several tiles, an odd size, a scalar, no
 * elements. */
extern const yg_sample yg_unary_samples[4];
extern const yg_sample yg_binary_samples[6]; /* with broadcasting on either side */
/* The same, then integer and bool operands. */
extern const yg_sample yg_unary_number_samples[6];
extern const yg_sample yg_binary_number_samples[10];

#define YG_SAMPLES(array) .samples = (array), .sample_count = sizeof(array) / sizeof *(array)

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
