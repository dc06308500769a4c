/*
 * The fused loops in plain C.
 */
#include "fused_loops.h"
#include "multiversion.h"

#include <math.h>

#define YG_LOOP_FUNCTION YG_MULTIVERSION
#define YG_LOOP_FOR(operands, ...)                                                                 \
    _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                           \
        operands __VA_ARGS__                                                                       \
    }

#define VECTOR(v)  const real v = p##v[i];
#define UNIFORM(v) const real v = u##v;
#define FLAG(v)    const int v = u##v;
#define STORED(v)  p##v[i] = v;

/* Each operation is a statement. Within one expression a compiler may fuse multiplication and
 * addition to one instruction that rounds only once. The formulas are those of the operators. */
#define RESULT(y, expression) const real y = (expression);
#define TRUTH(y, expression)  const int y = (expression);

#define MULTIPLY(y, a, b)    RESULT(y, (a) * (b))
#define ADD(y, a, b)         RESULT(y, (a) + (b))
#define SUBTRACT(y, a, b)    RESULT(y, (a) - (b))
#define DIVIDE(y, a, b)      RESULT(y, (a) / (b))
#define SQUARE(y, a)         RESULT(y, (a) * (a))
#define SQRT(y, a)           RESULT(y, SQUARE_ROOT(a))
#define ABS(y, a)            RESULT(y, ABSOLUTE(a))
#define SIGN(y, a)           RESULT(y, (real)(((a) > 0) - ((a) < 0)))
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
    RESULT(y##root, SQUARE_ROOT(b))                                                                \
    RESULT(y##sum, y##root + (c))                                                                  \
    RESULT(y, (a) / y##sum)
#define ROOT_STEP(y, a, b, c, s, p)                                                                \
    ROOT_QUOTIENT(y##quotient, a, b, c)                                                            \
    MINUS_PRODUCT(y, s, y##quotient, p)

#define real               float
#define SQUARE_ROOT(x)     sqrtf(x)
#define ABSOLUTE(x)        fabsf(x)
#define YG_LOOP_REAL       float
#define YG_LOOP_NAME(name) name##_f32
#define YG_LOOP_TABLE      yg_loops_plain_f32
#include "fused_loops_run.h"
#undef real
#undef SQUARE_ROOT
#undef ABSOLUTE

#define real               double
#define SQUARE_ROOT(x)     sqrt(x)
#define ABSOLUTE(x)        fabs(x)
#define YG_LOOP_REAL       double
#define YG_LOOP_NAME(name) name##_f64
#define YG_LOOP_TABLE      yg_loops_plain_f64
#include "fused_loops_run.h"
