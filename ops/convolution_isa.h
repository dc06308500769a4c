/*
 * What the files of convolution kernels share, one for each set of instructions.
 */
#ifndef YG_OPS_CONVOLUTION_ISA_H
#define YG_OPS_CONVOLUTION_ISA_H

#include "convolution_direct.h"
#include "gemm_packed.h"

#define TILE_INLINE static inline __attribute__((always_inline))
#define TILE_UNROLL _Pragma("GCC unroll 24")

enum { MOST_DEPTHWISE = 6 }; /* pixels of a tile of a depthwise convolution, see TILE_UP_TO_6 */

#define TILE_UP_TO_6(X)  X(1) X(2) X(3) X(4) X(5) X(6)
#define TILE_UP_TO_8(X)  TILE_UP_TO_6(X) X(7) X(8)
#define TILE_UP_TO_12(X) TILE_UP_TO_8(X) X(9) X(10) X(11) X(12)
#define TILE_UP_TO_14(X) TILE_UP_TO_12(X) X(13) X(14)
#define TILE_UP_TO_16(X) TILE_UP_TO_14(X) X(15) X(16)

yg_direct_kernels yg_direct_f32_baseline(void);
yg_direct_kernels yg_direct_f64_baseline(void);
#ifdef YG_GEMM_X86
yg_direct_kernels yg_direct_f32_avx2(void);
yg_direct_kernels yg_direct_f64_avx2(void);
yg_direct_kernels yg_direct_f32_avx512(void);
yg_direct_kernels yg_direct_f64_avx512(void);
#endif

#endif
