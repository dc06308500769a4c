/*
 * Sharing a stage among threads: see shares.h.
 *
 * A stretch is one atomic number, so that taking slots is one compare-and-swap. Slots are taken
 * once only. So a stretch that is not empty never comes back with the same two ends after it has
 * changed, unless all of its slots are still free: a swap that succeeds is always right.
 */
#include "shares.h"

#define MOST_SLOTS 4096 /* of a row loop */

static uint64_t pack(uint32_t begin, uint32_t end) {
    return (uint64_t)begin << 32 | end;
}

static uint32_t begin_of(uint64_t stretch) {
    return (uint32_t)(stretch >> 32);
}

static uint32_t count_of(uint64_t stretch) {
    return (uint32_t)stretch - begin_of(stretch);
}

static uint32_t slots_of(const yg_row_loop *row_loop) {
    return (uint32_t)((row_loop->pieces + row_loop->slot - 1) / row_loop->slot);
}

/* ------------------------------------------------------------------------------------- plan -- */

/* The pieces of a slot: a multiple of the row loop's step. */
static int64_t pieces_of_slot(const yg_row_loop *row_loop, double least) {
    const double pieces = (double)row_loop->pieces;
    double most = pieces / MOST_SLOTS;
    if (row_loop->cost > 0 && least / row_loop->cost * pieces > most)
        most = least / row_loop->cost * pieces;
    if (most >= pieces) /* one slot */
        return pieces > 0 ? row_loop->pieces : 1;
    const int64_t steps = (int64_t)(most / (double)row_loop->step) + 1;
    return steps * row_loop->step;
}

bool yg_shares_plan(yg_stage *stage, yg_row_loop *row_loops, double least) {
    uint64_t slots = 0;
    for (uint32_t s = stage->begin; s < stage->end; s++) {
        row_loops[s].slot = pieces_of_slot(&row_loops[s], least);
        row_loops[s].first_slot = (uint32_t)slots;
        slots += slots_of(&row_loops[s]);
        if (slots > INT32_MAX)
            return false;
    }
    stage->slots = (uint32_t)slots;
    return true;
}

/* ------------------------------------------------------------------------------------- runs -- */

void yg_shares_begin(const yg_stage *stage, const yg_row_loop *row_loops, yg_stretch_left *left,
                     int threads) {
    uint32_t begin = 0, s = stage->begin;
    double before = 0; /* the cost of the row loops before s */
    for (int thread = 0; thread < threads; thread++) {
        const double share = stage->cost * (thread + 1) / threads;
        for (; s + 1 < stage->end && before + row_loops[s].cost <= share; s++)
            before += row_loops[s].cost;
        const uint32_t own = slots_of(&row_loops[s]);
        const double part = row_loops[s].cost > 0 ? (share - before) / row_loops[s].cost : 1;
        const uint32_t slots = part >= 1 ? own : part > 0 ? (uint32_t)(part * own + 0.5) : 0;
        uint32_t end = row_loops[s].first_slot + slots;
        if (thread + 1 == threads) /* exactly the end, however the shares were rounded */
            end = stage->slots;
        atomic_store_explicit(&left[thread].slots, pack(begin, end > begin ? end : begin),
                              memory_order_relaxed);
        begin = end > begin ? end : begin;
    }
}

/* The row loop that a slot belongs to. Empty row loops have none. */
static uint32_t row_loop_of(const yg_stage *stage, const yg_row_loop *row_loops, uint32_t slot) {
    uint32_t low = stage->begin, high = stage->end - 1; /* the last whose first slot is <= slot */
    while (low < high) {
        const uint32_t middle = low + (high - low + 1) / 2;
        if (row_loops[middle].first_slot <= slot)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* How many of `count` slots of a row loop a thread takes at once from its own stretch. A row loop
 * runs chunk by chunk anyway. A unit alone may prepare its work in each call, as a product packs
 * its operands: most of it is one call. */
static uint32_t at_once(const yg_row_loop *row_loop, uint32_t count) {
    return row_loop->rows > 0 ? (count + 7) / 8 : count - count / 4;
}

static bool take_own(const yg_stage *stage, const yg_row_loop *row_loops, yg_stretch_left *own,
                     yg_taken *taken) {
    uint64_t stretch = atomic_load_explicit(&own->slots, memory_order_relaxed);
    while (count_of(stretch) > 0) {
        const uint32_t begin = begin_of(stretch), s = row_loop_of(stage, row_loops, begin);
        const yg_row_loop *row_loop = &row_loops[s];
        const uint32_t until = row_loop->first_slot + slots_of(row_loop);
        uint32_t count = count_of(stretch);
        if (count > until - begin)
            count = until - begin;
        count = at_once(row_loop, count);
        if (!atomic_compare_exchange_weak_explicit(&own->slots, &stretch,
                                                   pack(begin + count, (uint32_t)stretch),
                                                   memory_order_relaxed, memory_order_relaxed))
            continue;
        const int64_t first = begin - row_loop->first_slot, last = first + count;
        const bool ends = begin + count == until;
        *taken = (yg_taken){.row_loop = s,
                            .slot = begin,
                            .begin = first * row_loop->slot,
                            .end = ends ? row_loop->pieces : last * row_loop->slot};
        return true;
    }
    return false;
}

/* Moves the second half of another thread's stretch to the thread's own, which is empty. */
static bool take_over(yg_stretch_left *from, yg_stretch_left *own) {
    uint64_t stretch = atomic_load_explicit(&from->slots, memory_order_relaxed);
    while (count_of(stretch) > 0) {
        const uint32_t begin = begin_of(stretch), end = (uint32_t)stretch;
        const uint32_t middle = begin + count_of(stretch) / 2;
        if (atomic_compare_exchange_weak_explicit(&from->slots, &stretch, pack(begin, middle),
                                                  memory_order_relaxed, memory_order_relaxed)) {
            atomic_store_explicit(&own->slots, pack(middle, end), memory_order_relaxed);
            return true;
        }
    }
    return false;
}

bool yg_shares_take(const yg_stage *stage, const yg_row_loop *row_loops, yg_stretch_left *left,
                    int threads, int thread, yg_taken *taken) {
    for (;;) {
        if (take_own(stage, row_loops, &left[thread], taken))
            return true;
        bool found = false;
        for (int i = 1; i < threads && !found; i++)
            found = take_over(&left[(thread + i) % threads], &left[thread]);
        if (!found)
            return false;
    }
}
