/*
 * Times a training step: see stopwatch.h.
 *
 * Blocks of plain runs and blocks of timed runs take turns, so that other programs on the machine
 * disturb both alike.
 */
#include "stopwatch.h"

#include "../graph/clock.h"
#include "terminal.h"

#include <stdlib.h>

enum {
    BLOCKS = 25, /* pairs of blocks in the whole time; more if they get longer than LONGEST_BLOCK */
    KEPT = 256,  /* the median is that of this many blocks, the latest */
    CLOCK_READINGS = 2000,
};
static const double LONGEST_BLOCK = 0.1; /* seconds: Ctrl-C is noticed between blocks */
static const double SHOW_AFTER = 1;      /* seconds before progress is shown */

/* Seconds that one reading of the clock takes. */
static double clock_cost(void) {
    const double start = yg_clock();
    double now = start;
    for (int i = 0; i < CLOCK_READINGS; i++)
        now = yg_clock();
    return (now - start) / CLOCK_READINGS;
}

static bool run_block(const yg_training_step *step, int64_t count, yg_time *instruction,
                      double *seconds, yg_error *error) {
    const double start = yg_clock();
    for (int64_t i = 0; i < count; i++) {
        const bool good =
            instruction ? yg_program_run_timed(step->program, step->seed, 0, instruction, error)
                        : yg_program_run(step->program, step->seed, 0, error);
        if (!good)
            return false;
    }
    *seconds = (yg_clock() - start) / (double)count;
    return true;
}

static void show_progress(double elapsed, double limit, bool *shown) {
    if (elapsed < SHOW_AFTER || elapsed >= limit)
        return;
    if (terminal_is_live(stderr))
        terminal_rewrite("timing training steps: %.0f %%", 100 * elapsed / limit);
    else if (!*shown)
        terminal_say("timing training steps ...");
    *shown = true;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Turns the sums over timed runs into seconds of one step. The cost of the clock is subtracted, and
 * the times are scaled so that they add up to a plain step. */
static void settle(stopwatch *out, int64_t timed) {
    const double cost = clock_cost() * (double)timed;
    double sum = 0;
    for (size_t i = 0; i < out->instructions; i++) {
        const double own = out->instruction[i].seconds - cost;
        sum += own > 0 ? own : 0;
    }
    for (size_t i = 0; i < out->instructions; i++) {
        yg_time *time = &out->instruction[i];
        const double measured = time->seconds, own = measured - cost;
        time->seconds = sum > 0 ? (own > 0 ? own : 0) / sum * out->seconds
                                : out->seconds / (double)out->instructions;
        time->idle *= measured > 0 ? time->seconds / measured : 0;
    }
}

static bool run_blocks(const yg_training_step *step, double limit, int64_t count,
                       const volatile sig_atomic_t *stop, stopwatch *out, yg_error *error) {
    double plain[KEPT], timed;
    const double start = yg_clock();
    int64_t block = 0;
    bool good = true, shown = false;
    while (good && !*stop && (block == 0 || yg_clock() - start < limit)) {
        good = run_block(step, count, NULL, &plain[block % KEPT], error) &&
               run_block(step, count, out->instruction, &timed, error);
        block += good;
        show_progress(yg_clock() - start, limit, &shown);
    }
    if (shown && terminal_is_live(stderr))
        terminal_wipe();
    out->interrupted = *stop != 0;
    if (!good || block == 0)
        return good;
    const int64_t kept = block < KEPT ? block : KEPT;
    qsort(plain, (size_t)kept, sizeof *plain, compare);
    out->seconds = plain[kept / 2];
    out->steps = block * count;
    settle(out, out->steps);
    return true;
}

bool stopwatch_run(const yg_training_step *step, double seconds, const volatile sig_atomic_t *stop,
                   stopwatch *out, yg_error *error) {
    double first, second;
    *out = (stopwatch){.instructions = yg_program_get_stats(step->program).instructions};
    out->instruction = calloc(out->instructions + 1, sizeof *out->instruction);
    if (!out->instruction)
        return yg_fail_memory(error);
    /* The first run is slower, because memory is touched for the first time. The second one tells
     * how many runs fit into a block. */
    if (!run_block(step, 1, NULL, &first, error) || !run_block(step, 1, NULL, &second, error))
        return false;
    const double block = seconds / (2 * BLOCKS);
    const double fit =
        (block < LONGEST_BLOCK ? block : LONGEST_BLOCK) / (second > 1e-9 ? second : 1e-9);
    return run_blocks(step, seconds, fit > 1 ? (int64_t)fit : 1, stop, out, error);
}

void stopwatch_free(stopwatch *stopwatch) {
    free(stopwatch->instruction);
    *stopwatch = (struct stopwatch){0};
}
