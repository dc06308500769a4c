/*
 * Undefines what gemm_avx512.h and its like define for one element type.
 */
#undef GEMM_REAL
#undef GEMM_INTEGER
#undef GEMM_NAME
#undef GEMM_BYTES
#undef GEMM_ROWS
#undef GEMM_TARGET
#undef GEMM_TRANSPOSE
#undef GEMM_TRANSPOSED
#undef GEMM_TURN
#undef GEMM_TRANSPOSE_LANES
#undef GEMM_POWER
