/*
 * What kernels that multiply matrices have in common: vectors, packing, tiles and small products,
 * for one element type and one set of instructions. gemm_kernel.h and attention_kernel.h include
 * it, once for each type and set, so it has no include guard. gemm_avx512.h, gemm_avx2.h and
 * gemm_baseline.h define before, and undefine after:
 *
 *   GEMM_REAL                       the element type
 *   GEMM_INTEGER                    the signed integer type of its size
 *   GEMM_NAME(x)                    x with a suffix for type and instructions
 *   GEMM_BYTES                      of a vector
 *   GEMM_ROWS                       the height of a tile of C: 6 or 12, as the vector registers
 *                                   allow. A tile is two vectors wide
 *   GEMM_TARGET                     the attribute that lets the compiler use the instructions
 *   GEMM_MULTIPLY_ADD(a, x, sum)    a · x + sum on a number a and vectors x and sum
 *   GEMM_FUSED(a, x, sum)           the same with a vector a
 *   GEMM_LARGER(a, b)               the larger elements of two vectors; b where one is NaN
 *   GEMM_LOAD(from, n), GEMM_STORE(to, n, x)   a vector, of which n elements are in memory. The
 *                                   baseline has neither
 *   GEMM_TRANSPOSE                  a function of gemm_transpose.h …
 *   GEMM_TRANSPOSED                 … and the number of rows that it takes
 *   GEMM_TURN                       another, which takes as many rows as 16 bytes have elements
 *   GEMM_TRANSPOSE_LANES            another, which takes as many rows as a vector has elements;
 *                                   GEMM_TRANSPOSE if it is left out
 *   GEMM_POWER(p, n, x, lowest)     p · 2ⁿ for whole numbers n, but 0 where x < lowest, and NaN
 *                                   where x is. May be left out: see gemm_vector_exp.h
 *
 * A kernel need not use all that stands here.
 */
#include <string.h>

#ifndef GEMM_TRANSPOSE_LANES
#define GEMM_TRANSPOSE_LANES GEMM_TRANSPOSE
#endif

typedef GEMM_REAL GEMM_NAME(vector)
    __attribute__((vector_size(GEMM_BYTES), aligned(sizeof(GEMM_REAL)), may_alias));

typedef GEMM_INTEGER GEMM_NAME(integers)
    __attribute__((vector_size(GEMM_BYTES), aligned(sizeof(GEMM_REAL)), may_alias));

enum {
    GEMM_NAME(LANES) = GEMM_BYTES / (int)sizeof(GEMM_REAL),
    GEMM_NAME(WIDTH) = 2 * GEMM_NAME(LANES), /* columns of a tile, and of a panel of B */
    /* Rows of a tile in memory that is transposed: whole groups of 16 bytes. */
    GEMM_NAME(HEIGHT) =
        (GEMM_ROWS * (int)sizeof(GEMM_REAL) + 15) / 16 * 16 / (int)sizeof(GEMM_REAL),
};

#include "gemm_ahead.h"
#include "gemm_pack.h"
#include "gemm_tile.h"
#include "gemm_uncut.h"
