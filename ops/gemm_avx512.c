/*
 * Packed matrix products with AVX-512F.
 */
#define GEMM_KERNEL "gemm_kernel.h"
#include "gemm_avx512.h"
