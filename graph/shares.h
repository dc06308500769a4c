/*
 * How threads share the work of a stage. Private to graph/.
 *
 * The pieces of a stage's row loops are numbered through, several small ones as one `slot`. Each
 * thread has its part of each row loop: of two threads, one has the first half of each. So most of
 * what a thread reads was written by itself, in an earlier stage that went through the same rows,
 * and is still in the cache of its core.
 *
 * Slots are taken in the order of `positions`: first all parts of thread 0, row loop by row loop,
 * then those of thread 1, and so on. A thread begins with the stretch of its own positions, and
 * takes a few at a time from the front. A thread that has none left takes half of what another one
 * still has, from the end. So no thread waits long for another, although costs are estimates, and
 * although other programs take a core for a while. The bits of a piece do not depend on the thread
 * that runs it, so results do not depend on who takes what.
 */
#ifndef YG_GRAPH_SHARES_H
#define YG_GRAPH_SHARES_H

#include "units.h"

#include <stdatomic.h>

/* What is left of a thread's stretch, as begin << 32 | end. Each has a cache line of its own, or
 * threads that take slots would hold each other up. */
typedef struct yg_stretch_left {
    _Alignas(YG_ALIGN) _Atomic uint64_t slots;
} yg_stretch_left;

/* The part of a row loop that a thread begins with. It ends where that of the next thread begins.
 */
typedef struct yg_loop_part {
    uint32_t position; /* of its first slot */
    uint32_t slot;     /* its first slot, counted from that of the row loop */
} yg_loop_part;

/* Pieces that a thread has taken. They lie in one row loop. */
typedef struct yg_taken {
    uint32_t row_loop;
    uint32_t slot;      /* the first one: work with lower slots comes first */
    int64_t begin, end; /* pieces */
} yg_taken;

/* Fills in the slots of a stage and of its row loops. Slots cost at least `least`, where pieces
 * allow it. False if there are too many slots to share. */
bool yg_shares_plan(yg_stage *stage, yg_row_loop *row_loops, double least);

/* Divides the row loops of a stage among threads, so that all threads have about the same cost.
 * Fills in parts[stage->first_part + thread * n + s] for each thread and each s of the stage's n
 * row loops. */
void yg_shares_divide(const yg_stage *stage, const yg_row_loop *row_loops, int threads,
                      yg_loop_part *parts);

/* Gives each of `threads` threads its stretch of the stage. No thread may take slots meanwhile. */
void yg_shares_begin(const yg_stage *stage, const yg_loop_part *parts, yg_stretch_left *left,
                     int threads);

/* Takes pieces for `thread`. False if no thread has any left. */
bool yg_shares_take(const yg_stage *stage, const yg_row_loop *row_loops, const yg_loop_part *parts,
                    yg_stretch_left *left, int threads, int thread, yg_taken *taken);

#endif
