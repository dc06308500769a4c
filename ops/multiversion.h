/*
 * Kernels compiled once for each level of x86-64, the best one chosen when the program is loaded.
 *
 *   YG_MULTIVERSION static void kernel(…) { a plain loop }
 *
 * Nothing but speed may depend on it, so it is left out where the tools cannot do it: other
 * machines, other C libraries, clang (14 knows the attribute but not the levels), and under the
 * sanitizers, which are not ready when the loader asks which version to take (YG_SANITIZE).
 */
#ifndef YG_OPS_MULTIVERSION_H
#define YG_OPS_MULTIVERSION_H

#include <limits.h> /* brings in __GLIBC__ */

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) &&       \
    defined(__OPTIMIZE__) && !defined(YG_SANITIZE)
#define YG_MULTIVERSION                                                                            \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define YG_MULTIVERSION
#endif

#endif
