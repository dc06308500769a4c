/*
 * A fused loop computes several steps of a fused group at once. A group runs its steps one after
 * the other on each tile, and each step loads its operands and stores its result. A loop that is
 * written for just these steps loads each tensor once and keeps all else in registers of the
 * processor. Whatever else happens to a tensor that is larger than the cache, it is then read and
 * written once.
 *
 * A set of operators lists the loops that it has (yg_rule.loops). When a group is planned, its
 * steps are compared with them (group_loops.c).
 *
 * A loop must round as its steps do: it changes no bit.
 */
#ifndef YG_GRAPH_FUSED_LOOP_H
#define YG_GRAPH_FUSED_LOOP_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

#define YG_LOOP_VALUES   40 /* the values of a loop have numbers below this one */
#define YG_LOOP_OPERANDS 5  /* a step of a loop has no more */

/* What a value of a loop is. A call computes a tile, all elements of the group, or a row of them.
 */
typedef enum yg_loop_kind {
    YG_LOOP_INNER,   /* the result of a step, which only later steps of the loop read */
    YG_LOOP_STORED,  /* the result of a step, which is stored */
    YG_LOOP_VECTOR,  /* an operand: one element for each that a call computes */
    YG_LOOP_UNIFORM, /* an operand: one element for all of them, of the loop's type */
    YG_LOOP_FLAG,    /* an operand: one bool for the whole group */
} yg_loop_kind;

typedef struct yg_loop_step {
    const yg_op *op;
    int64_t form;                       /* of an operator with attributes: the first one's value */
    uint8_t result;                     /* a value */
    uint8_t operands[YG_LOOP_OPERANDS]; /* values */
} yg_loop_step;

typedef struct yg_fused_loop {
    const char *name;
    yg_dtype dtype; /* of all values but flags and results of comparisons */
    const yg_loop_step *steps;
    uint32_t step_count;
    const uint8_t *kinds; /* by value: a yg_loop_kind */
    /* Computes `n` elements. at[v] is where value v begins; of a uniform one and of a flag, where
     * its one element is; NULL for values that are not kept in memory. An operand's buffer may be
     * that of a result: element i of all operands must be loaded before element i of any result is
     * stored. */
    void (*run)(void *const *at, size_t n);
} yg_fused_loop;

#ifdef __cplusplus
}
#endif

#endif
