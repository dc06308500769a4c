/*
 * Packed matrix products with the vectors that the compiler may use anyway (SSE2, NEON).
 */
#include "gemm_packed.h"
#include "gemm_transpose.h"

/* Rounded twice: not every processor has the fused form. */
#define GEMM_MULTIPLY_ADD(a, x, sum) ((sum) + (a) * (x))

#define GEMM_REAL    float
#define GEMM_NAME(x) x##_f32_baseline
#define GEMM_BYTES   YG_GEMM_BASELINE_BYTES
#define GEMM_ROWS    6 /* by two vectors: 12 of 16 registers */
#define GEMM_TARGET
#define GEMM_TRANSPOSE  transpose_4_floats
#define GEMM_TRANSPOSED 4
#define GEMM_TURN       transpose_4_floats
#include "gemm_kernel.h"

#define GEMM_REAL    double
#define GEMM_NAME(x) x##_f64_baseline
#define GEMM_BYTES   YG_GEMM_BASELINE_BYTES
#define GEMM_ROWS    6
#define GEMM_TARGET
#define GEMM_TRANSPOSE  transpose_2_doubles
#define GEMM_TRANSPOSED 2
#define GEMM_TURN       transpose_2_doubles
#include "gemm_kernel.h"
