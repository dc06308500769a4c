/*
 * The fused loops with AVX-512F: 16 elements at a time. Each asks for the memory that it will need
 * some iterations later, because a processor by itself does not look far enough ahead.
 */
#include "fused_loops.h"
#include "root_avx512.h"

#ifdef YG_ROOT_AVX512

#include <math.h>
#include <stdint.h>

/* Elements. Where the arrays were in memory, 256 took 3 to 8 % longer than 512, and 1,024 as long.
 */
#define AHEAD 512

#define YG_LOOP_FUNCTION YG_ROOT_TARGET
#define YG_LOOP_TABLE    yg_loops_avx512
#define YG_LOOP_FOR      for (size_t i = 0; i < n; i += 16)

#define VECTOR(v)                                                                                  \
    __builtin_prefetch((const void *)((uintptr_t)p##v + (i + AHEAD) * sizeof(float)));             \
    const __m512 v = _mm512_maskz_loadu_ps(yg_root_lanes(n, i), p##v + i);
#define UNIFORM(v) const __m512 v = _mm512_set1_ps(u##v);
#define FLAG(v)    const __mmask16 v = u##v ? (__mmask16)-1 : 0;
#define STORED(v)                                                                                  \
    if (n - i >= 16)                                                                               \
        _mm512_storeu_ps(p##v + i, v);                                                             \
    else                                                                                           \
        _mm512_mask_storeu_ps(p##v + i, yg_root_lanes(n, i), v);

#define RESULT(y, expression) const __m512 y = (expression);
#define TRUTH(y, expression)  const __mmask16 y = (expression);

#define MULTIPLY(y, a, b)    RESULT(y, _mm512_mul_ps(a, b))
#define ADD(y, a, b)         RESULT(y, _mm512_add_ps(a, b))
#define SUBTRACT(y, a, b)    RESULT(y, _mm512_sub_ps(a, b))
#define DIVIDE(y, a, b)      RESULT(y, _mm512_div_ps(a, b))
#define SQUARE(y, a)         RESULT(y, _mm512_mul_ps(a, a))
#define SQRT(y, a)           RESULT(y, yg_root(a))
#define ABS(y, a)            RESULT(y, _mm512_abs_ps(a))
#define LESS(y, a, b)        TRUTH(y, _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ))
#define GREATER(y, a, b)     TRUTH(y, _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ))
#define WHERE(y, test, a, b) RESULT(y, _mm512_mask_blend_ps(test, b, a))

/* 1, -1, or 0 for 0 and NaN */
#define SIGN(y, a)                                                                                 \
    GREATER(y##above, a, _mm512_setzero_ps())                                                      \
    LESS(y##below, a, _mm512_setzero_ps())                                                         \
    RESULT(y, _mm512_mask_mov_ps(_mm512_maskz_mov_ps(y##above, _mm512_set1_ps(1)), y##below,       \
                                 _mm512_set1_ps(-1)))

/* NaN wins, as in the operators. */
#define EXTREME(y, a, b, order)                                                                    \
    TRUTH(y##first, _mm512_cmp_ps_mask(a, b, order) | _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q))      \
    WHERE(y, y##first, a, b)
#define MAXIMUM(y, a, b) EXTREME(y, a, b, _CMP_GE_OQ)
#define MINIMUM(y, a, b) EXTREME(y, a, b, _CMP_LE_OQ)

#define PRODUCT_PLUS(y, a, b, c)  RESULT(y, _mm512_add_ps(_mm512_mul_ps(a, b), c))
#define MINUS_PRODUCT(y, a, b, c) RESULT(y, _mm512_sub_ps(c, _mm512_mul_ps(a, b)))
#define TWO_PRODUCTS(y, a, b, c, d)                                                                \
    RESULT(y, _mm512_add_ps(_mm512_mul_ps(a, b), _mm512_mul_ps(c, d)))
#define PRODUCTS_DIFFERENCE(y, a, b, c, d)                                                         \
    RESULT(y, _mm512_sub_ps(_mm512_mul_ps(a, b), _mm512_mul_ps(c, d)))
#define ROOT_QUOTIENT(y, a, b, c) RESULT(y, _mm512_div_ps(a, yg_root_plus(b, c)))
#define ROOT_STEP(y, a, b, c, s, p)                                                                \
    ROOT_QUOTIENT(y##quotient, a, b, c)                                                            \
    MINUS_PRODUCT(y, s, y##quotient, p)

#include "fused_loops_run.h"

#endif
