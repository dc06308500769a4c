/*
 * How threads share the work of a stage. Private to graph/.
 *
 * The pieces of a stage's row loops are numbered through, several small ones as one `slot`. Each
 * thread begins with its own stretch of slots; the stretches cost about the same. It takes slots
 * from the front of its stretch, a few at a time. A thread that has none left takes half of what
 * another one still has, from the end. So no thread waits long for another, although costs are
 * estimates, and although other programs take a core for a while. The bits of a piece do not depend
 * on the thread that runs it, so results do not depend on who takes what.
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

/* Pieces that a thread has taken. They lie in one row loop. */
typedef struct yg_taken {
    uint32_t row_loop;
    uint32_t slot;      /* the first one: work with lower slots comes first */
    int64_t begin, end; /* pieces */
} yg_taken;

/* Fills in the slots of a stage and of its row loops. Slots cost at least `least`, where pieces
 * allow it. False if there are too many slots to share. */
bool yg_shares_plan(yg_stage *stage, yg_row_loop *row_loops, double least);

/* Gives each of `threads` threads its stretch of the stage. No thread may take slots meanwhile. */
void yg_shares_begin(const yg_stage *stage, const yg_row_loop *row_loops, yg_stretch_left *left,
                     int threads);

/* Takes pieces for `thread`. False if no thread has any left. */
bool yg_shares_take(const yg_stage *stage, const yg_row_loop *row_loops, yg_stretch_left *left,
                    int threads, int thread, yg_taken *taken);

#endif
