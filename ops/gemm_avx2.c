/*
 * Packed matrix products with AVX2 and FMA.
 */
#define GEMM_KERNEL "gemm_kernel.h"
#include "gemm_avx2.h"
