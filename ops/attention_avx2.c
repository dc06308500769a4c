/*
 * Attention of one head: attention_kernel.h with the vectors of gemm_avx2.h.
 */
#define GEMM_KERNEL "attention_kernel.h"
#include "gemm_avx2.h"
