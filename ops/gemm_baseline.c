/*
 * Packed matrix products with the vectors that the compiler may use anyway (SSE2, NEON).
 */
#define GEMM_KERNEL "gemm_kernel.h"
#include "gemm_baseline.h"
