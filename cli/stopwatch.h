/*
 * Timing a training step as a whole and instruction by instruction.
 */
#ifndef YG_CLI_STOPWATCH_H
#define YG_CLI_STOPWATCH_H

#include "../train/training_step.h"

#include <signal.h>

typedef struct stopwatch {
    double seconds;      /* of a step */
    int64_t steps;       /* run for it */
    double *instruction; /* seconds of each instruction of a step; their sum is `seconds` */
    size_t instructions;
    bool interrupted; /* before the time was over */
} stopwatch;

/* Runs the step for about `seconds`, once at least, until *stop is set. The step's time is the
 * median of plain runs. Runs with a clock read after each instruction, in between, say which part
 * of it each takes; what the clock itself costs is taken off. Progress, if it takes long, is shown
 * on stderr. False after a failure of the step. Freed by stopwatch_free() in either case. */
bool stopwatch_run(const yg_training_step *step, double seconds, const volatile sig_atomic_t *stop,
                   stopwatch *out, yg_error *error);
void stopwatch_free(stopwatch *stopwatch);

#endif
