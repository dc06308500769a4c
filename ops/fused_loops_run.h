/*
 * Makes a function of each loop of fused_loops.def. The file that includes it defines the type of a
 * vector and of a truth value, the operations on them, and YG_LOOP_FUNCTION, which is put before
 * each function. It is included by the files of each way to run the loops, and by no other.
 *
 * All operands are loaded before any result is stored: their buffers may be the same.
 */

/* Names that a loop does not use cost nothing: the compiler drops them. */
#define TENSOR(name) float *const p##name __attribute__((unused)) = at[AT_##name];
#define NUMBER(name)                                                                               \
    const float u##name __attribute__((unused)) = at[AT_##name] ? *(const float *)at[AT_##name] : 0;

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
    YG_LOOP_FUNCTION static void name(void *const *at, size_t n) {                                 \
        POINTERS                                                                                   \
        YG_LOOP_FOR {                                                                              \
            operands steps results                                                                 \
        }                                                                                          \
    }

#include "fused_loops.def"
#undef YG_LOOP

const yg_loop_run YG_LOOP_TABLE[] = {
#define YG_LOOP(name, operands, steps, results) name,
#include "fused_loops.def"
#undef YG_LOOP
};
