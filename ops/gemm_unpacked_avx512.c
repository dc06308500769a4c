/*
 * Matrix products that read their operands where they lie, with AVX-512F.
 */
#define GEMM_KERNEL "gemm_unpacked.h"
#include "gemm_avx512.h"
