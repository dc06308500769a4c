/*
 * The fused loops in plain C.
 */
#include "fused_loops.h"
#include "multiversion.h"

#include <math.h>

#define YG_LOOP_FUNCTION YG_MULTIVERSION
#define YG_LOOP_TABLE    yg_loops_plain
#define YG_LOOP_FOR      _Pragma("omp simd") for (size_t i = 0; i < n; i++)

#define VECTOR(v)  const float v = p##v[i];
#define UNIFORM(v) const float v = u##v;
#define FLAG(v)    const int v = u##v;
#define STORED(v)  p##v[i] = v;

/* Each operation is a statement. Within one expression a compiler may fuse multiplication and
 * addition to one instruction that rounds only once. The formulas are those of the operators. */
#define RESULT(y, expression) const float y = (expression);
#define TRUTH(y, expression)  const int y = (expression);

#define MULTIPLY(y, a, b)    RESULT(y, (a) * (b))
#define ADD(y, a, b)         RESULT(y, (a) + (b))
#define SUBTRACT(y, a, b)    RESULT(y, (a) - (b))
#define DIVIDE(y, a, b)      RESULT(y, (a) / (b))
#define SQUARE(y, a)         RESULT(y, (a) * (a))
#define SQRT(y, a)           RESULT(y, sqrtf(a))
#define ABS(y, a)            RESULT(y, fabsf(a))
#define SIGN(y, a)           RESULT(y, (float)(((a) > 0) - ((a) < 0)))
#define MAXIMUM(y, a, b)     RESULT(y, (((a) >= (b)) | ((a) != (a))) ? (a) : (b))
#define MINIMUM(y, a, b)     RESULT(y, (((a) <= (b)) | ((a) != (a))) ? (a) : (b))
#define LESS(y, a, b)        TRUTH(y, (a) < (b))
#define GREATER(y, a, b)     TRUTH(y, (a) > (b))
#define WHERE(y, test, a, b) RESULT(y, (test) ? (a) : (b))

#define PRODUCT_PLUS(y, a, b, c)                                                                   \
    RESULT(y##ab, (a) * (b))                                                                       \
    RESULT(y, y##ab + (c))
#define MINUS_PRODUCT(y, a, b, c)                                                                  \
    RESULT(y##ab, (a) * (b))                                                                       \
    RESULT(y, (c)-y##ab)
#define TWO_PRODUCTS(y, a, b, c, d)                                                                \
    RESULT(y##ab, (a) * (b))                                                                       \
    RESULT(y##cd, (c) * (d))                                                                       \
    RESULT(y, y##ab + y##cd)
#define PRODUCTS_DIFFERENCE(y, a, b, c, d)                                                         \
    RESULT(y##ab, (a) * (b))                                                                       \
    RESULT(y##cd, (c) * (d))                                                                       \
    RESULT(y, y##ab - y##cd)
#define ROOT_QUOTIENT(y, a, b, c)                                                                  \
    RESULT(y##root, sqrtf(b))                                                                      \
    RESULT(y##sum, y##root + (c))                                                                  \
    RESULT(y, (a) / y##sum)
#define ROOT_STEP(y, a, b, c, s, p)                                                                \
    ROOT_QUOTIENT(y##quotient, a, b, c)                                                            \
    MINUS_PRODUCT(y, s, y##quotient, p)

#include "fused_loops_run.h"
