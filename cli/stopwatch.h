/*
 * Times a training step, as a whole and by instruction.
 */
#ifndef YG_CLI_STOPWATCH_H
#define YG_CLI_STOPWATCH_H

#include "../graph/profile.h"
#include "../train/training_step.h"

#include <signal.h>

typedef struct stopwatch {
    double seconds;       /* of a step */
    int64_t steps;        /* plain runs that were timed */
    yg_time *instruction; /* of each instruction of a step; the sum of their seconds is `seconds` */
    size_t instructions;
    bool interrupted; /* *stop was set before the time was over */
} stopwatch;

/* Runs the step for about `seconds`, at least once, or until *stop is set. The step's time is the
 * median of plain runs. Between these, other runs read a clock after each instruction; they give
 * each instruction's part of that time, without what the clock itself takes. Progress is shown on
 * stderr if it takes long. False after a failure of the step. Freed by stopwatch_free() in either
 * case. */
bool stopwatch_run(const yg_training_step *step, double seconds, const volatile sig_atomic_t *stop,
                   stopwatch *out, yg_error *error);
void stopwatch_free(stopwatch *stopwatch);

#endif
