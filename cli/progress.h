/*
 * A training run as a person watches it: on a terminal one line that is rewritten, elsewhere a
 * plain line for each epoch (at most about a hundred in all).
 */
#ifndef YG_CLI_PROGRESS_H
#define YG_CLI_PROGRESS_H

#include "../train/train.h"

typedef struct progress {
    bool live;
    double next_draw; /* seconds since the start: the line is not drawn more often than needed */
    bool drawn;       /* a line stands on the screen that is not ended yet */
    char *epoch_text; /* what the last epoch came to; NULL before the first ends */
} progress;

void progress_start(progress *progress);

/* yg_train_options.planned */
void progress_planned(void *context, const yg_program_stats *step);

/* yg_train_options.progress; the context is a `progress`. */
void progress_show(void *context, const yg_train_progress *now);

/* Clears the live line, and frees. */
void progress_end(progress *progress);

/* "loss 0.0613  accuracy 0.982". NULL when out of memory; freed by the caller. */
char *text_of_scores(const yg_scores *scores);

/* "3.4 s", "2 min 05 s", "1 h 02 min". Returns `text`, of at least 32 bytes. */
const char *text_of_seconds(double seconds, char *text);

#endif
