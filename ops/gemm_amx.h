/*
 * Matrix products of f32 with AMX, the matrix unit of Intel's large processors from Sapphire Rapids
 * on.
 *
 * AMX multiplies bfloat16, the upper half of a float, and adds in f32. A float has 24 significant
 * bits and a bfloat16 has 8. So each operand is split into three parts whose sum it is, x = x0 + x1
 * + x2, each 2^-8 times as large as the one before, or less. A product is the sum of six:
 *
 *   a · b ≈ a0·b0 + a0·b1 + a1·b0 + a1·b1 + a0·b2 + a2·b0
 *
 * The three that are left out are below 2^-24 · |a · b|, which is what rounding an f32 costs. The
 * products of parts are exact. AMX adds 32 of them before it rounds into the sum, so the result is
 * as exact as that of fused multiply-adds. Six products with AMX still take a third of the time of
 * one with AVX-512.
 *
 * Parts have no denormal numbers. Operands are therefore multiplied by 2^12 before they are split:
 * numbers from 2^-114 on keep all of their bits, smaller ones are rounded to multiples of 2^-138.
 * And an infinity cannot be split: infinity times a part that is 0 would be NaN. Where a group of
 * 16 rows of A or columns of B has numbers that are not finite, or over 2^42, its products are
 * computed with AVX-512. That is decided for each group and block of the depth. So the bits of an
 * element depend on the operands only, never on how the product is cut for threads.
 */
#ifndef YG_OPS_GEMM_AMX_H
#define YG_OPS_GEMM_AMX_H

#include "gemm.h"

/* Rows, and columns, are cut in multiples of so many. */
enum { YG_GEMM_AMX_SIDE = 32 };

/* Whether this processor has AMX, and the compiler knows it. */
bool yg_gemm_amx_available(void);
/* Whether it has, and the product of f32 is large enough to repay the splitting. */
bool yg_gemm_amx_suits(const yg_gemm *gemm);

/* Asks the system for the use of AMX, which Linux grants to a process once and for all. False where
 * it refuses: AVX-512 must then compute the product. */
bool yg_gemm_amx_allowed(void);

/* Bytes of scratch for any part of the product; includes what AVX-512 needs for it. */
int64_t yg_gemm_amx_scratch_bytes(const yg_gemm *gemm);

/* A yg_gemm_kernel. The part must begin at a
 * multiple of YG_GEMM_AMX_SIDE rows and columns. */
void yg_gemm_amx_f32(const yg_gemm *gemm, const void *a, const void *b, void *c, void *scratch);

#endif
