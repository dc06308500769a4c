/*
 * Measures what this machine can do at best, so that `profile` can compare with it.
 */
#ifndef YG_CLI_PEAK_H
#define YG_CLI_PEAK_H

#include "../graph/type.h"

typedef struct peak {
    double flops; /* floating-point operations a second, in fused multiply-adds */
    double bytes; /* bytes a second, read and written, of arrays that no cache holds */
} peak;

/* Measures with `threads` threads at once, for YG_F32 or YG_F64. That takes some tenths of a
 * second. False: out of memory, or threads cannot be started. */
bool peak_measure(int threads, yg_dtype dtype, peak *out);

#endif
