/*
 * The line that a terminal shows while a run goes on:
 *
 *   ██████████░░░░░░░░░░ epoch 3/40  train.loss 0.061  validation.loss 0.07  run: 12 s left  …
 *
 * The bar is that of the epoch. Epochs that are over in less than a second are grouped, since
 * nobody can watch their bars: "epochs 21-30/400" has one bar for the ten of them. What matters
 * most comes first, and what does not fit the terminal's width is left out as a whole, never cut.
 */
#ifndef YG_CLI_LIVE_LINE_H
#define YG_CLI_LIVE_LINE_H

#include "../train/train.h"

enum { RATE_SAMPLES = 32 };

/* Examples a second, over the last seconds of training. Time between epochs, when a run validates
 * and saves, does not count. */
typedef struct rate {
    double seconds[RATE_SAMPLES]; /* of training, a ring */
    int64_t examples[RATE_SAMPLES];
    size_t count, next; /* how many samples there are, and where the next one goes */
    double paused;      /* seconds between epochs so far */
    double last;        /* when the last step ended */
} rate;

/* Takes note of a step's end or an epoch's end. */
void rate_note(rate *rate, const yg_train_progress *now);
/* 0: not known yet, as after the first step. */
double rate_value(const rate *rate);

/* Epochs that share a bar. */
typedef struct epoch_group {
    int64_t first, count; /* the first epoch, from 1, and how many; count 0: not chosen yet */
    double chosen;        /* seconds since the start when it was */
} epoch_group;

/* The group of the current epoch. Groups have 1, 2, 5, 10, 20, … epochs, so many that a bar takes a
 * second or more. */
void epoch_group_update(epoch_group *group, const yg_train_progress *now);

/* The scores that the line has, each with its part: "train.loss 0.0613". */
typedef struct live_scores {
    double train_loss, validation_loss; /* NaN with has_… false: there is none yet */
    bool has_train, has_validation;
    const yg_scores *train, *validation; /* the last epoch's, for the metrics; NULL: none */
} live_scores;

/* The line, of at most `width` columns; freed by the caller. NULL when out of memory. */
char *live_line(const yg_train_progress *now, const epoch_group *group, double rate,
                const live_scores *scores, int width);

#endif
