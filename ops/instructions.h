/*
 * Which sets of instructions a kernel may use on this processor.
 *
 * A build may forbid the larger ones (CMake's YG_INSTRUCTIONS), so that one processor can run every
 * test with the kernels of lesser ones: `./dev variants` does. A kernel that asked the processor
 * itself would escape those tests.
 *
 * gcc and clang ask the processor once, when the program starts, and keep the answer. So a call
 * costs a load.
 */
#ifndef YG_OPS_INSTRUCTIONS_H
#define YG_OPS_INSTRUCTIONS_H

#include <stdbool.h>

/* In rising order; a processor that has one has those before it. */
#define YG_INSTRUCTIONS_BASELINE 0 /* what every processor of its architecture has */
#define YG_INSTRUCTIONS_AVX2     1 /* with fused multiply-add */
#define YG_INSTRUCTIONS_AVX512   2
#define YG_INSTRUCTIONS_AMX      3

#ifndef YG_INSTRUCTIONS
#define YG_INSTRUCTIONS YG_INSTRUCTIONS_AMX
#endif

static inline bool yg_has_avx2(void) {
#if defined(__x86_64__) && YG_INSTRUCTIONS >= YG_INSTRUCTIONS_AVX2
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

static inline bool yg_has_avx512(void) {
#if defined(__x86_64__) && YG_INSTRUCTIONS >= YG_INSTRUCTIONS_AVX512
    return __builtin_cpu_supports("avx512f");
#else
    return false;
#endif
}

#endif
