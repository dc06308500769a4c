/*
 * The fused loops with AVX-512F: a vector of 64 bytes at a time, that is a cache line. There are
 * two ways, because processors differ in two things. Both ways give the same bits.
 *
 *   ahead   asks for the memory that it will need some iterations later, and makes square roots of
 *           multiplications (root_avx512.h). For Intel's processors, which by themselves do not
 *           look far enough ahead, and whose divider is slow.
 *   touch   reads a word of each line of a short block of all operands before it computes the
 * block. So the processor sees each array being read in order, and fetches the next lines by
 *           itself. Of three roots it makes one and leaves two to the divider, which then is as
 * busy as the multipliers. For AMD's processors. On a Zen 4, adam took 0.39 ns an element of four
 * million in this way, 0.51 in the other, and 0.25 and 0.42 in the cache.
 */
#include "fused_loops.h"
#include "root_avx512.h"

#ifdef YG_ROOT_AVX512

#include <math.h>
#include <stdint.h>

/* How far `ahead` looks, in bytes. Where the arrays were in memory, 1,024 took 3 to 8 % longer than
 * 2,048, and 4,096 as long. */
#define AHEAD 2048

/* Vectors of a block that `touch` reads before it computes. Two of three roots are the divider's,
 * so it is a multiple of 3. Twice as many took up to 20 % longer. */
enum { BLOCK = 6 };

/* What is done with a vector of an operand. */
enum { TOUCH, WHOLE, PART };

/* Which roots are made: none, those that are only divided by, or all. A root that is itself a
 * result, as adadelta's, has a quotient before it: there the multipliers would be the busier ones.
 */
enum { NONE, DIVISORS, ALL };

static inline void yg_loop_touch(const char *line) {
    for (int k = 0; k < BLOCK; k++)
        (void)*(const volatile int *)(const void *)(line + k * 64);
}

#define YG_LOOP_FUNCTION YG_ROOT_TARGET

#define VECTOR(v)  const vector v __attribute__((unused)) = LOAD(p##v, i, n, PHASE);
#define UNIFORM(v) const vector v __attribute__((unused)) = OP(set1)(u##v);
#define FLAG(v)    const mask v __attribute__((unused)) = u##v ? (mask)-1 : 0;
#define STORED(v)                                                                                  \
    if (PHASE == WHOLE)                                                                            \
        OP(storeu)(p##v + i, v);                                                                   \
    else                                                                                           \
        OP(mask_storeu)(p##v + i, LANES(n, i), v);

#define RESULT(y, expression) const vector y = (expression);
#define TRUTH(y, expression)  const mask y = (expression);

#define MULTIPLY(y, a, b)    RESULT(y, OP(mul)(a, b))
#define ADD(y, a, b)         RESULT(y, OP(add)(a, b))
#define SUBTRACT(y, a, b)    RESULT(y, OP(sub)(a, b))
#define DIVIDE(y, a, b)      RESULT(y, OP(div)(a, b))
#define SQUARE(y, a)         RESULT(y, OP(mul)(a, a))
#define SQRT(y, a)           RESULT(y, ROOT(a))
#define ABS(y, a)            RESULT(y, OP(abs)(a))
#define LESS(y, a, b)        TRUTH(y, COMPARE(a, b, _CMP_LT_OQ))
#define GREATER(y, a, b)     TRUTH(y, COMPARE(a, b, _CMP_GT_OQ))
#define WHERE(y, test, a, b) RESULT(y, OP(mask_blend)(test, b, a))

/* 1, -1, or 0 for 0 and NaN */
#define SIGN(y, a)                                                                                 \
    GREATER(y##above, a, OP(setzero)())                                                            \
    LESS(y##below, a, OP(setzero)())                                                               \
    RESULT(y, OP(mask_mov)(OP(maskz_mov)(y##above, OP(set1)(1)), y##below, OP(set1)(-1)))

/* NaN wins, and a does where both are equal, as in the operators. The instruction gives its second
 * operand then, and if either is NaN: only a NaN of b is left to be put in. */
#define EXTREME(y, a, b, choose)                                                                   \
    RESULT(y, OP(mask_mov)(OP(choose)(b, a), COMPARE(b, b, _CMP_UNORD_Q), b))
#define MAXIMUM(y, a, b) EXTREME(y, a, b, max)
#define MINIMUM(y, a, b) EXTREME(y, a, b, min)

#define PRODUCT_PLUS(y, a, b, c)           RESULT(y, OP(add)(OP(mul)(a, b), c))
#define MINUS_PRODUCT(y, a, b, c)          RESULT(y, OP(sub)(c, OP(mul)(a, b)))
#define TWO_PRODUCTS(y, a, b, c, d)        RESULT(y, OP(add)(OP(mul)(a, b), OP(mul)(c, d)))
#define PRODUCTS_DIFFERENCE(y, a, b, c, d) RESULT(y, OP(sub)(OP(mul)(a, b), OP(mul)(c, d)))
#define ROOT_QUOTIENT(y, a, b, c)          RESULT(y, OP(div)(a, ROOT_PLUS(b, c)))
#define ROOT_STEP(y, a, b, c, s, p)                                                                \
    ROOT_QUOTIENT(y##quotient, a, b, c)                                                            \
    MINUS_PRODUCT(y, s, y##quotient, p)

/* One vector, whose roots are made or left to the divider. */
#define ONE(phase, made, ...)                                                                      \
    {                                                                                              \
        const int PHASE __attribute__((unused)) = phase, MADE __attribute__((unused)) = made;      \
        __VA_ARGS__                                                                                \
    }

#define FOR_AHEAD(operands, ...)                                                                   \
    size_t i = 0;                                                                                  \
    for (; n - i >= WIDTH; i += WIDTH)                                                             \
        ONE(WHOLE, ALL, operands __VA_ARGS__)                                                      \
    if (i < n)                                                                                     \
    ONE(PART, ALL, operands __VA_ARGS__)

#define FOR_TOUCH(operands, ...)                                                                   \
    size_t i = 0;                                                                                  \
    while (n - i >= BLOCK * WIDTH) {                                                               \
        ONE(TOUCH, NONE, operands)                                                                 \
        for (const size_t end = i + BLOCK * WIDTH; i < end;) {                                     \
            ONE(WHOLE, NONE, operands __VA_ARGS__)                                                 \
            i += WIDTH;                                                                            \
            ONE(WHOLE, NONE, operands __VA_ARGS__)                                                 \
            i += WIDTH;                                                                            \
            ONE(WHOLE, DIVISORS, operands __VA_ARGS__)                                             \
            i += WIDTH;                                                                            \
        }                                                                                          \
    }                                                                                              \
    for (; i < n; i += WIDTH)                                                                      \
    ONE(PART, NONE, operands __VA_ARGS__)

/* Loads elements [i, i + WIDTH), or those before n. */
#define LOAD_FUNCTIONS(type, vectors)                                                              \
    YG_ROOT_TARGET static inline vectors ahead_##type(const type *p, size_t i, size_t n,           \
                                                      int phase) {                                 \
        __builtin_prefetch((const void *)((uintptr_t)(p + i) + AHEAD));                            \
        return phase == WHOLE ? OP(loadu)(p + i) : OP(maskz_loadu)(LANES(n, i), p + i);            \
    }                                                                                              \
    YG_ROOT_TARGET static inline vectors touch_##type(const type *p, size_t i, size_t n,           \
                                                      int phase) {                                 \
        if (phase == TOUCH)                                                                        \
            yg_loop_touch((const char *)(p + i));                                                  \
        if (phase == TOUCH)                                                                        \
            return OP(setzero)();                                                                  \
        return phase == WHOLE ? OP(loadu)(p + i) : OP(maskz_loadu)(LANES(n, i), p + i);            \
    }

/* ------------------------------------------------------------------------------------- float -- */

#define vector             __m512
#define mask               __mmask16
#define WIDTH              ((size_t)16)
#define OP(name)           _mm512_##name##_ps
#define COMPARE(a, b, how) _mm512_cmp_ps_mask(a, b, how)
#define LANES(n, i)        yg_root_lanes(n, i)
#define ROOT(a)            (MADE == ALL ? yg_root(a) : _mm512_sqrt_ps(a))
#define ROOT_PLUS(a, b)    (MADE != NONE ? yg_root_plus(a, b) : _mm512_add_ps(_mm512_sqrt_ps(a), b))

LOAD_FUNCTIONS(float, __m512)

#define YG_LOOP_REAL       float
#define YG_LOOP_NAME(name) name##_ahead_f32
#define YG_LOOP_TABLE      yg_loops_ahead_f32
#define YG_LOOP_FOR        FOR_AHEAD
#define LOAD               ahead_float
#include "fused_loops_run.h"
#undef YG_LOOP_FOR
#undef LOAD

#define YG_LOOP_REAL       float
#define YG_LOOP_NAME(name) name##_touch_f32
#define YG_LOOP_TABLE      yg_loops_touch_f32
#define YG_LOOP_FOR        FOR_TOUCH
#define LOAD               touch_float
#include "fused_loops_run.h"
#undef YG_LOOP_FOR
#undef LOAD

/* ------------------------------------------------------------------------------------ double -- */

#undef vector
#undef mask
#undef WIDTH
#undef OP
#undef COMPARE
#undef LANES
#undef ROOT
#undef ROOT_PLUS
#define vector             __m512d
#define mask               __mmask8
#define WIDTH              ((size_t)8)
#define OP(name)           _mm512_##name##_pd
#define COMPARE(a, b, how) _mm512_cmp_pd_mask(a, b, how)
#define LANES(n, i)        ((__mmask8)yg_root_lanes(n, i))
#define ROOT(a)            _mm512_sqrt_pd(a)
#define ROOT_PLUS(a, b)    _mm512_add_pd(_mm512_sqrt_pd(a), b)

LOAD_FUNCTIONS(double, __m512d)

#define YG_LOOP_REAL       double
#define YG_LOOP_NAME(name) name##_ahead_f64
#define YG_LOOP_TABLE      yg_loops_ahead_f64
#define YG_LOOP_FOR        FOR_AHEAD
#define LOAD               ahead_double
#include "fused_loops_run.h"
#undef YG_LOOP_FOR
#undef LOAD

#define YG_LOOP_REAL       double
#define YG_LOOP_NAME(name) name##_touch_f64
#define YG_LOOP_TABLE      yg_loops_touch_f64
#define YG_LOOP_FOR        FOR_TOUCH
#define LOAD               touch_double
#include "fused_loops_run.h"

#endif
