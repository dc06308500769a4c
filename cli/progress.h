/*
 * Shows the progress of a training run. On a terminal one line is rewritten. Elsewhere each epoch
 * gets a line, but at most about a hundred are printed.
 */
#ifndef YG_CLI_PROGRESS_H
#define YG_CLI_PROGRESS_H

#include "../train/train.h"

typedef struct progress {
    bool live;
    double next_draw; /* seconds since the start when the line may be drawn again */
    bool drawn;       /* a live line is on the screen */
    char *epoch_text; /* the scores of the last epoch; NULL before the first one ends */
} progress;

void progress_start(progress *progress);

/* yg_train_options.planned */
void progress_planned(void *context, const yg_program_stats *step, int64_t best_bytes);

/* yg_train_options.progress; the context is a `progress`. */
void progress_show(void *context, const yg_train_progress *now);

/* Clears the live line, and frees. */
void progress_end(progress *progress);

/* "loss 0.0613  accuracy 0.982". NULL when out of memory; freed by the caller. */
char *text_of_scores(const yg_scores *scores);

/* "3.4 s", "2 min 05 s", "1 h 02 min". Returns `text`, of at least 32 bytes. */
const char *text_of_seconds(double seconds, char *text);

#endif
