/*
 * What one thread of this machine reads, copies and writes at best, for working sets of each size:
 * `./dev bench ops` compares the memory traffic of an operator with it.
 */
#ifndef YG_BENCH_BANDWIDTH_H
#define YG_BENCH_BANDWIDTH_H

#include "../graph/error.h"

/* Prints {"flops": …, "bandwidth": [[bytes, read, copied, written], …]}: floating-point operations
 * a second; and for a working set of `bytes` bytes, bytes a second. A copied byte counts twice, as
 * read and as written. False: out of memory. */
bool print_bandwidth(yg_error *error);

#endif
