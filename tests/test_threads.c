/*
 * The pool of threads: each share of each piece of work runs once, and whoever waits for long
 * sleeps.
 */
#define _GNU_SOURCE /* gettid */
#include "graph/threads.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 9, NAPS = 5000 };

/* ------------------------------------------------------------------------------------- shares --
 */

typedef struct tally {
    int runs[MOST];
    int nap; /* the thread that is late, or -1 */
} tally;

static void take_nap(void) {
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void count_share(void *context, int thread) {
    tally *t = context;
    if (thread == t->nap)
        take_nap();
    t->runs[thread]++;
}

static void expect_runs(yg_threads *pool, tally *t, int before, int works) {
    const int count = yg_threads_count(pool);
    for (int i = 0; i < works; i++) {
        yg_threads_run(pool, count_share, t);
        for (int k = 0; k < count; k++)
            cr_assert_eq(t->runs[k], before + i + 1, "share %d of %d, work %d", k, count, i);
    }
}

/* Pools as large as the machine and larger. Between two works, all workers come to sleep; during
 * one, the calling thread does, or a worker is late. */
Test(threads, each_share_runs_once) {
    static const int counts[] = {1, 2, 3, MOST};
    for (int c = 0; c < 4; c++) {
        yg_threads *pool = yg_threads_new(counts[c], NULL);
        cr_assert(pool);
        yg_threads_check_fork(pool);
        tally t = {.nap = -1};
        expect_runs(pool, &t, 0, 200);
        for (int i = 0; i < 10; i++) {
            t.nap = i % counts[c];
            expect_runs(pool, &t, 200 + i, 1);
            t.nap = -1;
            take_nap();
        }
        yg_threads_free(pool);
    }
}

/* ------------------------------------------------------------------------------------- helping --
 */

typedef struct helped {
    atomic_int inside, runs, left; /* shares that run; that have run; work that is not done */
    int late;                      /* the first share waits for so many others to come */
} helped;

static void help(void *context, int thread) {
    helped *h = context;
    atomic_fetch_add(&h->inside, 1);
    while (thread == 0 && atomic_load(&h->inside) + atomic_load(&h->runs) <= h->late)
        take_nap();
    while (atomic_load(&h->left) > 0)
        atomic_fetch_sub(&h->left, 1);
    if (thread > 0 && h->late > 0)
        take_nap();
    atomic_fetch_add(&h->runs, 1); /* before it leaves: the sum must not fall */
    atomic_fetch_sub(&h->inside, 1);
}

/* Workers join or come too late. When the call returns, no share runs, and the first one has run.
 * Workers that sleep join if there is time. */
Test(threads, workers_help_if_they_are_in_time) {
    yg_threads *pool = yg_threads_new(3, NULL);
    cr_assert(pool);
    yg_threads_check_fork(pool);
    for (int i = 0; i < 2000; i++) {
        helped h = {.left = i % 50};
        tally t = {.nap = -1};
        yg_threads_help(pool, help, &h);
        cr_assert_eq(h.inside, 0);
        cr_assert(h.runs >= 1 && h.runs <= 3);
        if (i % 100 == 0) /* a worker that came too late must not miss the next work */
            expect_runs(pool, &t, 0, 2);
        if (i % 400 == 0)
            take_nap();
    }
    for (int i = 0; i < 5; i++) {
        take_nap();
        helped h = {.late = 1}; /* until another thread is inside, too */
        yg_threads_help(pool, help, &h);
        cr_assert_eq(h.inside, 0, "a share still runs");
        cr_expect_geq(h.runs, 2);
    }
    yg_threads_free(pool);
}

/* ------------------------------------------------------------------------------------ sleeping --
 */

/* Whether a thread of this process sleeps. */
static bool sleeps(pid_t thread) {
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    const char *line = fgets(text, sizeof text, file);
    fclose(file);
    const char *name_end = line ? strrchr(line, ')') : NULL;
    cr_assert(name_end && strlen(name_end) > 2, "%s: %s", path, text);
    return name_end[2] == 'S';
}

/* Waits until a thread sleeps: true. False: it is still running after many naps. */
static bool falls_asleep(pid_t thread) {
    for (int i = 0; i < NAPS; i++) {
        if (sleeps(thread))
            return true;
        take_nap();
    }
    return false;
}

typedef struct watched {
    pid_t threads[MOST];
    atomic_bool caller_is_done;
    bool caller_slept;
} watched;

/* The last thread works until the calling thread, which is done, sleeps. */
static void watch_caller(void *context, int thread) {
    watched *w = context;
    w->threads[thread] = gettid();
    if (thread == 0)
        atomic_store(&w->caller_is_done, true);
    if (thread != 2)
        return;
    while (!atomic_load(&w->caller_is_done))
        take_nap();
    w->caller_slept = falls_asleep(w->threads[0]);
}

/* On a busy machine, a thread that spins while it waits holds up the very threads that it waits
 * for. So the calling thread sleeps while a worker is at work, and all workers sleep after it. */
Test(threads, sleep_while_they_wait) {
    yg_threads *pool = yg_threads_new(3, NULL);
    cr_assert(pool);
    yg_threads_check_fork(pool);
    for (int i = 0; i < 3; i++) {
        watched w = {.caller_slept = false};
        yg_threads_run(pool, watch_caller, &w);
        cr_expect(w.caller_slept, "work %d: the calling thread spins while a worker is at work", i);
        for (int k = 1; k < 3; k++)
            cr_expect(falls_asleep(w.threads[k]), "work %d: worker %d spins without work", i, k);
    }
    yg_threads_free(pool);
}
