/*
 * Kernels that multiply matrices, with the vectors that the compiler may use anyway (SSE2, NEON).
 *
 * Before including it, define GEMM_KERNEL as the header of a kernel, such as "gemm_kernel.h". It is
 * included once for float and once for double, with the macros that gemm_parts.h lists.
 */
#include "gemm_packed.h"
#include "gemm_transpose.h"

/* Rounded twice: not every processor has the fused form. */
#define GEMM_MULTIPLY_ADD(a, x, sum) ((sum) + (a) * (x))
#define GEMM_FUSED(a, x, sum)        ((sum) + (a) * (x))
/* C has no `a > b ? a : b` of vectors. A comparison gives integers with all bits 1 where it is
 * true. */
#define GEMM_LARGER(a, b)                                                                          \
    ((GEMM_NAME(vector))((((a) > (b)) & (GEMM_NAME(integers))(a)) |                                \
                         (~((a) > (b)) & (GEMM_NAME(integers))(b))))

#define GEMM_REAL    float
#define GEMM_INTEGER int32_t
#define GEMM_NAME(x) x##_f32_baseline
#define GEMM_BYTES   YG_GEMM_BASELINE_BYTES
#define GEMM_ROWS    6 /* by two vectors: 12 of 16 registers */
#define GEMM_TARGET
#define GEMM_TRANSPOSE  transpose_4_floats
#define GEMM_TRANSPOSED 4
#define GEMM_TURN       transpose_4_floats
#include GEMM_KERNEL
#include "gemm_end.h"

#define GEMM_REAL    double
#define GEMM_INTEGER int64_t
#define GEMM_NAME(x) x##_f64_baseline
#define GEMM_BYTES   YG_GEMM_BASELINE_BYTES
#define GEMM_ROWS    6
#define GEMM_TARGET
#define GEMM_TRANSPOSE  transpose_2_doubles
#define GEMM_TRANSPOSED 2
#define GEMM_TURN       transpose_2_doubles
#include GEMM_KERNEL
#include "gemm_end.h"
