/*
 * Matrix products that read their operands where they lie, with AVX2.
 */
#define GEMM_KERNEL "gemm_unpacked.h"
#include "gemm_avx2.h"
