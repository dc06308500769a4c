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

/* How many slots of a row loop cost about as much as `wanted`. */
static uint32_t slots_for(const yg_row_loop *row_loop, double wanted) {
    const uint32_t own = slots_of(row_loop);
    if (own == 0 || row_loop->cost <= 0)
        return 0;
    const double slots = wanted / row_loop->cost * own + 0.5;
    return slots <= 0 ? 0 : slots >= own ? own : (uint32_t)slots;
}

/* The cost of the first slots of a row loop. */
static double cost_of(const yg_row_loop *row_loop, uint32_t slots) {
    return slots > 0 ? row_loop->cost * slots / slots_of(row_loop) : 0;
}

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* Finds where the parts of the next thread begin, if the threads before it should have `share` of
 * the work. `own` has the parts of the thread before it.
 *
 * A unit that does not run by rows may prepare its work in each call, as a product packs its
 * operands. So few threads work on each: one after the other falls to the next thread. Row loops
 * are cut in proportion; where whole slots do not allow it, the next row loop makes up for it. */
static void find_next(const yg_stage *stage, const yg_row_loop *row_loops, double share,
                      const yg_loop_part *own, yg_loop_part *next) {
    const yg_row_loop *of = row_loops + stage->begin;
    const uint32_t count = stage->end - stage->begin;
    double wanted = 0, passed = 0, given = 0;
    for (uint32_t i = 0; i < count; i++)
        wanted += of[i].rows > 0 ? 0 : share * of[i].cost;
    for (uint32_t i = 0; i < count; i++) {
        if (of[i].rows > 0)
            continue;
        next[i].slot = larger(own[i].slot, slots_for(&of[i], wanted - passed));
        passed += of[i].cost;
        given += cost_of(&of[i], next[i].slot);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (of[i].rows == 0)
            continue;
        wanted += share * of[i].cost;
        next[i].slot = larger(own[i].slot, slots_for(&of[i], wanted - given));
        given += cost_of(&of[i], next[i].slot);
    }
}

void yg_shares_divide(const yg_stage *stage, const yg_row_loop *row_loops, int threads,
                      yg_loop_part *parts) {
    const uint32_t count = stage->end - stage->begin;
    yg_loop_part *own = parts + stage->first_part;
    for (uint32_t i = 0; i < count; i++)
        own[i].slot = 0;
    uint32_t position = 0;
    for (int thread = 1; thread <= threads; thread++, own += count) {
        yg_loop_part *next = thread < threads ? own + count : NULL;
        if (next)
            find_next(stage, row_loops, (double)thread / threads, own, next);
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t end = next ? next[i].slot : slots_of(&row_loops[stage->begin + i]);
            own[i].position = position;
            position += end - own[i].slot;
        }
    }
}

/* ------------------------------------------------------------------------------------- runs -- */

void yg_shares_begin(const yg_stage *stage, const yg_loop_part *parts, yg_stretch_left *left,
                     int threads) {
    const uint32_t count = stage->end - stage->begin;
    const yg_loop_part *part = parts + stage->first_part;
    for (int thread = 0; thread < threads; thread++, part += count) {
        const uint32_t end = thread + 1 < threads ? part[count].position : stage->slots;
        atomic_store_explicit(&left[thread].slots, pack(part->position, end), memory_order_relaxed);
    }
}

/* The part that a position belongs to: the last one that begins there or before. Empty parts, which
 * begin where the next one does, have none. */
static uint32_t part_of(const yg_loop_part *parts, uint32_t count, uint32_t position) {
    uint32_t low = 0, high = count - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low + 1) / 2;
        if (parts[middle].position <= position)
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

/* Takes slots from the front of a thread's stretch. */
static bool take_own(const yg_stage *stage, const yg_row_loop *row_loops, const yg_loop_part *parts,
                     uint32_t part_count, yg_stretch_left *own, yg_taken *taken) {
    uint64_t stretch = atomic_load_explicit(&own->slots, memory_order_relaxed);
    while (count_of(stretch) > 0) {
        const uint32_t begin = begin_of(stretch), p = part_of(parts, part_count, begin);
        const uint32_t s = stage->begin + p % (stage->end - stage->begin);
        const yg_row_loop *row_loop = &row_loops[s];
        const uint32_t until = p + 1 < part_count ? parts[p + 1].position : stage->slots;
        uint32_t count = count_of(stretch);
        if (count > until - begin)
            count = until - begin;
        count = at_once(row_loop, count);
        if (!atomic_compare_exchange_weak_explicit(&own->slots, &stretch,
                                                   pack(begin + count, (uint32_t)stretch),
                                                   memory_order_relaxed, memory_order_relaxed))
            continue;
        const int64_t first = parts[p].slot + (begin - parts[p].position), last = first + count;
        const bool ends = last == slots_of(row_loop);
        *taken = (yg_taken){.row_loop = s,
                            .slot = row_loop->first_slot + (uint32_t)first,
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

bool yg_shares_take(const yg_stage *stage, const yg_row_loop *row_loops, const yg_loop_part *parts,
                    yg_stretch_left *left, int threads, int thread, yg_taken *taken) {
    const uint32_t part_count = (stage->end - stage->begin) * (uint32_t)threads;
    for (;;) {
        if (take_own(stage, row_loops, parts + stage->first_part, part_count, &left[thread], taken))
            return true;
        bool found = false;
        for (int i = 1; i < threads && !found; i++)
            found = take_over(&left[(thread + i) % threads], &left[thread]);
        if (!found)
            return false;
    }
}
