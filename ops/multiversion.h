/*
 * YG_MULTIVERSION compiles a function several times, once for each level of x86-64. The loader
 * chooses the best version when the program starts.
 *
 *   YG_MULTIVERSION static void kernel(…) { a plain loop }
 *
 * The versions are most of the program, and a run needs few of them. So they stand in a section of
 * their own, which the linker puts before all other code. Between the other functions they would be
 * read from disk and mapped with these: Linux maps 64 KiB at a time.
 *
 * Only speed may depend on it, never a bit of the result. So it expands to nothing where it does
 * not work: other machines, other C libraries, and clang (14 knows the attribute but not the
 * levels). It is off with sanitizers too (YG_SANITIZE): the loader chooses before they have
 * started, and the program would crash.
 */
#ifndef YG_OPS_MULTIVERSION_H
#define YG_OPS_MULTIVERSION_H

#include "instructions.h"

#include <limits.h> /* brings in __GLIBC__ */

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) &&       \
    defined(__OPTIMIZE__) && !defined(YG_SANITIZE) && YG_INSTRUCTIONS >= YG_INSTRUCTIONS_AVX2
#if YG_INSTRUCTIONS >= YG_INSTRUCTIONS_AVX512
#define YG_VERSIONS "arch=x86-64-v4", "arch=x86-64-v3", "default"
#else
#define YG_VERSIONS "arch=x86-64-v3", "default"
#endif
#define YG_MULTIVERSION                                                                            \
    __attribute__((target_clones(YG_VERSIONS), section(".text.sorted.kernels"), hot))
#else
#define YG_MULTIVERSION
#endif

#endif
