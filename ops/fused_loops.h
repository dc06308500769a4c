/*
 * The fused loops of the built-in operators (fused_loops.def), and the ways to run them. All ways
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
extern const yg_loop_run yg_loops_plain_f32[], yg_loops_plain_f64[], yg_loops_ahead_f32[],
    yg_loops_ahead_f64[], yg_loops_touch_f32[], yg_loops_touch_f64[];

/* A way to run all loops. */
typedef struct yg_loop_way {
    const char *name;
    const yg_loop_run *f32, *f64;
    bool (*runs)(void);  /* the processor has its instructions */
    bool (*suits)(void); /* it is the fastest there, unless an earlier way in the list is */
} yg_loop_way;
extern const yg_loop_way yg_loop_ways[]; /* ends with a name of NULL */

/* All loops: each for f32 and then for f64. Ends with NULL. */
extern const yg_fused_loop *const yg_fused_loops[];

#endif
