/*
 * Makes a function of each loop of fused_loops.def, and a table of these. A file that runs the
 * loops in some way includes it, once for each element type, and no other file does. It defines:
 *
 *   YG_LOOP_REAL                  the element type
 *   YG_LOOP_NAME(name)            the name of a loop's function
 *   YG_LOOP_TABLE                 the name of the table
 *   YG_LOOP_FUNCTION              what stands before each function
 *   YG_LOOP_FOR(operands, rest)   runs through n elements: loads the operands, then does the rest
 *
 * and the operations of fused_loops.def. All operands are loaded before any result is stored: their
 * buffers may be the same.
 */

/* Names that a loop does not use cost nothing: the compiler drops them. */
#define TENSOR(name) YG_LOOP_REAL *const p##name __attribute__((unused)) = at[AT_##name];
#define NUMBER(name)                                                                               \
    const YG_LOOP_REAL u##name __attribute__((unused)) =                                           \
        at[AT_##name] ? *(const YG_LOOP_REAL *)at[AT_##name] : 0;

#define POINTERS                                                                                   \
    TENSOR(G)                                                                                      \
    TENSOR(P)                                                                                      \
    TENSOR(S0)                                                                                     \
    TENSOR(S1)                                                                                     \
    TENSOR(S2)                                                                                     \
    TENSOR(N0)                                                                                     \
    TENSOR(N1)                                                                                     \
    TENSOR(N2)                                                                                     \
    TENSOR(N3)                                                                                     \
    NUMBER(C0)                                                                                     \
    NUMBER(C1)                                                                                     \
    NUMBER(C2)                                                                                     \
    NUMBER(C3)                                                                                     \
    NUMBER(C4)                                                                                     \
    NUMBER(C5)                                                                                     \
    NUMBER(C6)                                                                                     \
    NUMBER(C7)                                                                                     \
    NUMBER(C8)                                                                                     \
    const bool uF0 __attribute__((unused)) = at[AT_F0] && *(const bool *)at[AT_F0];

#define YG_LOOP(name, operands, steps, results)                                                    \
    YG_LOOP_FUNCTION static void YG_LOOP_NAME(name)(void *const *at, size_t n) {                   \
        POINTERS                                                                                   \
        YG_LOOP_FOR(operands, steps results)                                                       \
    }

#include "fused_loops.def"
#undef YG_LOOP

const yg_loop_run YG_LOOP_TABLE[] = {
#define YG_LOOP(name, operands, steps, results) YG_LOOP_NAME(name),
#include "fused_loops.def"
#undef YG_LOOP
};

#undef TENSOR
#undef NUMBER
#undef POINTERS
#undef YG_LOOP_REAL
#undef YG_LOOP_NAME
#undef YG_LOOP_TABLE
