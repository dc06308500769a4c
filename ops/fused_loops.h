/*
 * The fused loops of the built-in operators (fused_loops.def), and the two ways to run them. Both
 * give the same bits.
 */
#ifndef YG_OPS_FUSED_LOOPS_H
#define YG_OPS_FUSED_LOOPS_H

#include "../graph/fused_loop.h"

#include <stddef.h>

/* The numbers of values: see fused_loops.def. */
enum {
    AT_G,
    AT_P,
    AT_S0,
    AT_S1,
    AT_S2,
    AT_C0,
    AT_C1,
    AT_C2,
    AT_C3,
    AT_C4,
    AT_C5,
    AT_C6,
    AT_C7,
    AT_C8,
    AT_F0,
    AT_T0,
    AT_T1,
    AT_T2,
    AT_T3,
    AT_T4,
    AT_T5,
    AT_T6,
    AT_T7,
    AT_T8,
    AT_N0,
    AT_N1,
    AT_N2,
    AT_N3,
    AT_END
};

/* One loop, by its number in the file. */
typedef void (*yg_loop_run)(void *const *at, size_t n);
extern const yg_loop_run yg_loops_plain[], yg_loops_avx512[];

/* All loops; ends with NULL. */
extern const yg_fused_loop *const yg_fused_loops[];

#endif
