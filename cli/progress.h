/*
 * Shows the progress of a training run on stderr.
 *
 * On a terminal one line is rewritten (live_line.h). Epochs that take two seconds or longer leave a
 * line each. Elsewhere each epoch gets a line. Of many epochs, about a hundred get one. An epoch
 * that goes on for more than a minute gets a line each minute.
 *
 * Scores are named by their part, as in the run's history: train.loss, validation.accuracy.
 */
#ifndef YG_CLI_PROGRESS_H
#define YG_CLI_PROGRESS_H

#include "../train/train.h"
#include "curve.h"
#include "live_line.h"

/* Begins with progress_start(); `result` is set by the caller after it. */
typedef struct progress {
    const yg_train_result *result; /* what the run knows of itself before its first step */
    bool live;
    double next_draw;  /* seconds since the start when the line may be drawn again */
    bool drawn;        /* a live line is on the screen */
    double said;       /* when the last line that stays was printed */
    bool long_epochs;  /* an epoch takes so long that it leaves a line */
    epoch_group group; /* whose bar is shown */
    double loss_sum;   /* of the epoch's steps, as far as it is finite */
    int64_t summed;    /* steps of the epoch in it */
    bool has_training, has_validation; /* of the two below */
    yg_scores training;                /* of the last epoch, without tables */
    yg_scores validation;
    rate rate;
    curve curve;
} progress;

void progress_start(progress *progress);

/* yg_train_options.planned */
void progress_planned(void *context, const yg_program_stats *step, int64_t best_bytes);

/* yg_train_options.progress; the context is a `progress`. */
void progress_show(void *context, const yg_train_progress *now);

/* Clears the live line, and frees. On a terminal it then draws the loss over the epochs, if
 * `curve`. */
void progress_end(progress *progress, bool curve);

/* "loss 0.0613  accuracy 0.982". NULL when out of memory; freed by the caller. */
char *text_of_scores(const yg_scores *scores);

/* "3.4 s", "2 min 05 s", "1 h 02 min". Returns `text`, of at least 32 bytes. */
const char *text_of_seconds(double seconds, char *text);

#endif
