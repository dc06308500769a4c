/*
 * Convolutions with the vectors that the compiler may use anyway (SSE2, NEON).
 */
#include "convolution_isa.h"

#include <string.h>

#define TILE_BYTES YG_GEMM_BASELINE_BYTES
#define TILE_TARGET
#define TILE_PIXELS_1   6
#define TILE_PIXELS_2   6 /* by two vectors: 12 of 16 registers */
#define TILE_CASES_1(X) TILE_UP_TO_6(X)
#define TILE_CASES_2(X) TILE_UP_TO_6(X)
/* Rounded twice: not every processor has the fused form. */
#define TILE_MULTIPLY_ADD(a, x, sum) ((sum) + (a) * (x))
#define TILE_ADD_PRODUCT(a, b, sum)  ((sum) + (a) * (b))
/* A comparison gives integers with all bits 1 where it is true. */
#define TILE_RELU(x) ((__typeof__((x) < (x)))(x) & ~((x) < (__typeof__(x)){0}))

/* A vector; only n elements are in memory. */
#define PARTIAL(real, suffix)                                                                      \
    typedef real partial_##suffix                                                                  \
        __attribute__((vector_size(TILE_BYTES), aligned(sizeof(real)), may_alias));                \
    TILE_INLINE partial_##suffix load_##suffix(const real *from, int64_t n) {                      \
        partial_##suffix x = {0};                                                                  \
        if (n == TILE_BYTES / (int64_t)sizeof *from)                                               \
            return *(const partial_##suffix *)from;                                                \
        memcpy(&x, from, (size_t)n * sizeof *from);                                                \
        return x;                                                                                  \
    }                                                                                              \
    TILE_INLINE void store_##suffix(real *to, int64_t n, partial_##suffix x) {                     \
        memcpy(to, &x, (size_t)n * sizeof *to);                                                    \
    }
PARTIAL(float, f32)
PARTIAL(double, f64)

#define TILE_REAL            float
#define TILE_NAME(x)         x##_f32_baseline
#define TILE_LOAD(from, n)   load_f32(from, n)
#define TILE_STORE(to, n, x) store_f32(to, n, x)
#define TILE_REUSES          0
#include "convolution_tile.h"

/* Rounded twice: see above. */
#define TILE_MULTIPLY_ADD(a, x, sum) ((sum) + (a) * (x))
#define TILE_ADD_PRODUCT(a, b, sum)  ((sum) + (a) * (b))
#define TILE_RELU(x)                 ((__typeof__((x) < (x)))(x) & ~((x) < (__typeof__(x)){0}))
#define TILE_REAL                    double
#define TILE_NAME(x)                 x##_f64_baseline
#define TILE_LOAD(from, n)           load_f64(from, n)
#define TILE_STORE(to, n, x)         store_f64(to, n, x)
#include "convolution_tile.h"
