/*
 * Declares functions of <math.h> again, as vectorisable. Inside an `omp simd` loop gcc then calls
 * their vector form in glibc's libmvec. Results are off by at most 4 units in the last place; NaN
 * and infinities are treated as in <math.h>. glibc has such declarations too, but only under
 * -ffast-math, which would break NaN.
 *
 * Without libmvec (YG_HAVE_LIBMVEC unset, see CMakeLists.txt) the functions are the plain ones.
 * Include this before <tgmath.h>.
 */
#ifndef YG_OPS_VECTOR_MATH_H
#define YG_OPS_VECTOR_MATH_H

#include <math.h>

#ifdef YG_HAVE_LIBMVEC

#ifdef __cplusplus
extern "C" {
#endif

/* The name stands in parentheses, because a macro of <tgmath.h> would replace it otherwise. */
#define YG_VECTOR_UNARY(name)                                                                      \
    _Pragma("omp declare simd notinbranch") double(name)(double x);                                \
    _Pragma("omp declare simd notinbranch") float(name##f)(float x);

#define YG_VECTOR_BINARY(name)                                                                     \
    _Pragma("omp declare simd notinbranch") double(name)(double x, double y);                      \
    _Pragma("omp declare simd notinbranch") float(name##f)(float x, float y);

/* In libmvec since glibc 2.22: exp, log, pow, sin, cos; since 2.35: the others. */
YG_VECTOR_UNARY(exp)
YG_VECTOR_UNARY(log)
YG_VECTOR_UNARY(sin)
YG_VECTOR_UNARY(cos)
YG_VECTOR_UNARY(tan)
YG_VECTOR_UNARY(asin)
YG_VECTOR_UNARY(acos)
YG_VECTOR_UNARY(atan)
YG_VECTOR_UNARY(sinh)
YG_VECTOR_UNARY(cosh)
YG_VECTOR_UNARY(tanh)
YG_VECTOR_UNARY(asinh)
YG_VECTOR_UNARY(acosh)
YG_VECTOR_UNARY(atanh)
YG_VECTOR_UNARY(exp2)
YG_VECTOR_UNARY(expm1)
YG_VECTOR_UNARY(log1p)
YG_VECTOR_UNARY(log2)
YG_VECTOR_UNARY(log10)
YG_VECTOR_UNARY(erf)
YG_VECTOR_UNARY(erfc)
YG_VECTOR_BINARY(pow)
YG_VECTOR_BINARY(atan2)

#undef YG_VECTOR_UNARY
#undef YG_VECTOR_BINARY

#ifdef __cplusplus
}
#endif

#endif

#endif
