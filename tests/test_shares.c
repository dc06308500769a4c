/*
 * How threads share a stage: each piece is taken once, whoever takes it.
 */
#include "graph/shares.h"
#include "graph/threads.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LOOPS = 5, THREADS = 4, MOST_PIECES = 20000, WORKS = 300 };

typedef struct job {
    yg_stage stage;
    yg_row_loop row_loops[LOOPS];
    yg_loop_part parts[LOOPS * THREADS];
    yg_stretch_left left[THREADS];
    int threads;
    int sleeper;                            /* a thread that takes nothing, or -1 */
    atomic_uchar taken[LOOPS][MOST_PIECES]; /* how often */
    atomic_int mistakes;
} job;

/* Row loops of very different costs, some of them empty, some of them by rows. */
static job *new_job(double least) {
    static const struct {
        int64_t rows, pieces, step;
        double cost;
    } loops[LOOPS] = {
        {0, 7, 1, 3e6}, {64, 22, 1, 1e6}, {0, 0, 1, 0}, {0, MOST_PIECES, 12, 9e5}, {0, 1, 1, 100}};
    job *j = aligned_alloc(_Alignof(job), sizeof *j);
    cr_assert(j);
    memset(j, 0, sizeof *j);
    j->stage.end = LOOPS;
    j->sleeper = -1;
    for (int s = 0; s < LOOPS; s++) {
        j->row_loops[s] = (yg_row_loop){.rows = loops[s].rows,
                                        .pieces = loops[s].pieces,
                                        .step = loops[s].step,
                                        .cost = loops[s].cost};
        j->stage.cost += loops[s].cost;
    }
    cr_assert(yg_shares_plan(&j->stage, j->row_loops, least));
    return j;
}

static void note(job *j, const yg_taken *t) {
    const yg_row_loop *row_loop = &j->row_loops[t->row_loop];
    if (t->begin < 0 || t->begin >= t->end || t->end > row_loop->pieces ||
        t->begin % row_loop->step != 0 ||
        (t->end % row_loop->step != 0 && t->end != row_loop->pieces))
        atomic_fetch_add(&j->mistakes, 1);
    for (int64_t i = t->begin; i < t->end && i < MOST_PIECES; i++)
        atomic_fetch_add(&j->taken[t->row_loop][i], 1);
}

static void work(void *context, int thread) {
    job *j = context;
    yg_taken taken;
    while (thread != j->sleeper &&
           yg_shares_take(&j->stage, j->row_loops, j->parts, j->left, j->threads, thread, &taken))
        note(j, &taken);
}

static void expect_taken(job *j, int times) {
    cr_assert_eq(atomic_load(&j->mistakes), 0);
    for (int s = 0; s < LOOPS; s++) {
        for (int64_t i = 0; i < MOST_PIECES; i++)
            cr_assert_eq(j->taken[s][i], i < j->row_loops[s].pieces ? times : 0,
                         "row loop %d, piece %d: %d times", s, (int)i, j->taken[s][i]);
    }
}

/* Whatever a slot costs at least, and whichever thread takes nothing. */
Test(shares, each_piece_is_taken_once) {
    static const double least[] = {0, 1, 40e3, 1e12};
    for (int l = 0; l < 4; l++) {
        for (int threads = 1; threads <= THREADS; threads++) {
            job *j = new_job(least[l]);
            yg_threads *pool = yg_threads_new(threads, NULL);
            cr_assert(pool);
            yg_threads_check_fork(pool);
            j->threads = threads;
            for (int i = 0; i < WORKS / 100; i++) {
                j->sleeper = threads > 1 ? i % threads : -1;
                yg_shares_divide(&j->stage, j->row_loops, threads, j->parts);
                yg_shares_begin(&j->stage, j->parts, j->left, threads);
                yg_threads_run(pool, work, j);
                expect_taken(j, i + 1);
            }
            yg_threads_free(pool);
            free(j);
        }
    }
}

/* Threads that take slots of each other at the same time, many times. */
Test(shares, threads_take_from_each_other) {
    job *j = new_job(0);
    yg_threads *pool = yg_threads_new(THREADS, NULL);
    cr_assert(pool);
    yg_threads_check_fork(pool);
    j->threads = THREADS;
    for (int i = 0; i < 100; i++) {
        yg_shares_divide(&j->stage, j->row_loops, THREADS, j->parts);
        yg_shares_begin(&j->stage, j->parts, j->left, THREADS);
        yg_threads_run(pool, work, j);
    }
    expect_taken(j, 100);
    yg_threads_free(pool);
    free(j);
}

/* What the slots cost that `thread` begins with. */
static double cost_of_parts(const job *j, int thread, int threads) {
    const yg_loop_part *part = j->parts + thread * LOOPS;
    double cost = 0;
    for (int s = 0; s < LOOPS; s++) {
        const yg_row_loop *loop = &j->row_loops[s];
        const uint32_t until = s + 1 < LOOPS ? loop[1].first_slot : j->stage.slots;
        const uint32_t all = until - loop->first_slot;
        const uint32_t end = thread + 1 < threads ? part[LOOPS + s].slot : all;
        cr_assert(part[s].slot <= end && end <= all);
        cr_assert_eq(part[s].position + end - part[s].slot,
                     s + 1 < LOOPS || thread + 1 < threads ? part[s + 1].position : j->stage.slots);
        if (all > 0)
            cost += loop->cost * (end - part[s].slot) / all;
    }
    return cost;
}

/* At first each thread has its share of the cost. The stretches are those of its parts. */
Test(shares, begin_with_equal_costs) {
    job *j = new_job(0);
    for (int threads = 1; threads <= THREADS; threads++) {
        yg_shares_divide(&j->stage, j->row_loops, threads, j->parts);
        yg_shares_begin(&j->stage, j->parts, j->left, threads);
        uint32_t next = 0;
        for (int t = 0; t < threads; t++) {
            const uint64_t stretch = atomic_load(&j->left[t].slots);
            cr_expect_eq(stretch >> 32, next);
            cr_expect_eq(j->parts[t * LOOPS].position, next);
            next = (uint32_t)stretch;
            const double cost = cost_of_parts(j, t, threads);
            const double share = j->stage.cost / threads;
            cr_expect(cost > share - 0.5e6 && cost < share + 0.5e6, "%d of %d: %g, not %g", t,
                      threads, cost, share);
        }
        cr_expect_eq(next, j->stage.slots);
    }
    free(j);
}

/* Each thread has the same stretch of the rows of each row loop, but for a slot, where other units
 * allow it. So it finds in its core's cache what it has written in the stage before. Units that do
 * not run by rows go to as few threads as possible. */
Test(shares, threads_keep_their_rows) {
    enum { COUNT = 4, PIECES = 64 };
    static const double cost[COUNT] = {5e5, 8e6, 5e5, 3e6};
    static const int64_t rows[COUNT] = {0, PIECES, 0, PIECES};
    yg_row_loop loops[COUNT];
    yg_stage stage = {.end = COUNT};
    for (int s = 0; s < COUNT; s++) {
        loops[s] = (yg_row_loop){.rows = rows[s], .pieces = PIECES, .step = 1, .cost = cost[s]};
        stage.cost += cost[s];
    }
    cr_assert(yg_shares_plan(&stage, loops, 0));
    yg_loop_part parts[THREADS * COUNT];
    for (int threads = 2; threads <= THREADS; threads++) {
        yg_shares_divide(&stage, loops, threads, parts);
        for (int t = 0; t < threads; t++) {
            const yg_loop_part *own = parts + t * COUNT;
            const int64_t even = (2 * PIECES * t + threads) / (2 * threads);
            cr_expect_leq(llabs((int64_t)own[1].slot - even), 1, "%d of %d", t, threads);
            cr_expect_leq(llabs((int64_t)own[3].slot - even), 1, "%d of %d", t, threads);
        }
        cr_expect_eq(parts[COUNT].slot, (2 * PIECES + threads / 2) / threads);
        cr_expect_eq(parts[COUNT + 2].slot, 0);
    }
}

/* Small pieces are taken many at a time, dear ones one by one. */
Test(shares, slots_are_worth_taking) {
    job *j = new_job(40e3);
    cr_expect_eq(j->row_loops[0].slot, 1);
    cr_expect_eq(j->row_loops[1].slot, 1);
    const double cost = (double)j->row_loops[3].slot * 9e5 / MOST_PIECES;
    cr_expect_eq(j->row_loops[3].slot % 12, 0);
    cr_expect(cost >= 40e3 && cost < 42e3, "%g", cost);
    cr_expect_eq(j->row_loops[4].slot, 1);
    free(j);
}
