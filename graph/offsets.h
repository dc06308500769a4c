/*
 * What is known of bytes in the arena while offsets are given out. Private to graph/: offsets.c
 * goes over the units, and the passes `in_place` and `reuse` decide which bytes serve twice.
 */
#ifndef YG_GRAPH_OFFSETS_H
#define YG_GRAPH_OFFSETS_H

#include "plan.h"

#define YG_FREE_ROWS 32

/* Storages by the unit that makes them, and by the stage that uses them last: lists through arrays.
 */
typedef struct yg_lifetimes {
    uint32_t *made, *dying;           /* by unit, by stage: the first of its list */
    uint32_t *next_made, *next_dying; /* by storage */
    yg_block **block;                 /* by storage: NULL, too, when it was taken over */
    uint32_t free_rows[YG_FREE_ROWS]; /* storages whose rows the row loop's rest does not need */
    uint32_t free_row_count;
} yg_lifetimes;

/* Before offsets are given out they are 0 there. */
static inline bool yg_is_in_arena(const yg_storage *storage) {
    return !storage->constant && storage->offset >= 0;
}

/* Storage `to` gets the bytes of `from`, which has none afterwards. */
void yg_lifetimes_give(yg_program *program, yg_lifetimes *lives, uint32_t from, uint32_t to);

/* in_place: lets what unit `u` makes take over operands that it reads for the last time. */
void yg_plan_take_over(yg_compiler *compiler, yg_lifetimes *lives, uint32_t u);

/* reuse: gives the result `s` of unit `u`, row by row, what was before it in the row loop and has
 * its size; false if there is none. */
bool yg_plan_take_rows(yg_compiler *compiler, yg_lifetimes *lives, uint32_t u, uint32_t s);

/* reuse: notes what the units of the row loop after `u` may write over, row by row. */
void yg_plan_note_free_rows(const yg_compiler *compiler, yg_lifetimes *lives, uint32_t u);

/* reuse: gives back to the arena what stage `b` is the last to use. */
void yg_plan_give_back(const yg_compiler *compiler, yg_arena *arena, const yg_lifetimes *lives,
                       uint32_t b);

#endif
