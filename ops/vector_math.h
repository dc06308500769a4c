/*
 * The functions of <math.h>, told to be vectorisable: inside an `omp simd` loop gcc then calls
 * glibc's libmvec (at most 4 units in the last place off, NaN and infinities as in <math.h>), and
 * no -ffast-math is needed. glibc declares as much itself, but only under -ffast-math.
 *
 * Everywhere else (YG_HAVE_LIBMVEC unset, see CMakeLists.txt) they are the plain functions.
 * Include this before <tgmath.h>.
 */
#ifndef YG_OPS_VECTOR_MATH_H
#define YG_OPS_VECTOR_MATH_H

#include <math.h>

#ifdef YG_HAVE_LIBMVEC

#ifdef __cplusplus
extern "C" {
#endif

/* The parentheses keep a macro of <tgmath.h> from taking the name. */
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
YG_VECTOR_UNARY(tanh)
YG_VECTOR_UNARY(log1p)
YG_VECTOR_UNARY(expm1)
YG_VECTOR_UNARY(erf)
YG_VECTOR_UNARY(erfc)
YG_VECTOR_BINARY(pow)

#undef YG_VECTOR_UNARY
#undef YG_VECTOR_BINARY

#ifdef __cplusplus
}
#endif

#endif

#endif
