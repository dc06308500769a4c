/*
 * What `train --json` prints: one JSON object a line, for programs.
 *
 *   {"event": "start", "model": "xor", "folder": "runs/xor", "epochs": 500, "steps": 500, …}
 *   {"event": "epoch", "epoch": 1, "step": 1, "train.loss": 0.6984, "best": true, …}
 *   {"event": "end", "status": "trained", "best_epoch": 500, "train.loss": 0.001979, …}
 *
 * The last line is "end" or, where the run failed, "error". Scores have the names that they have in
 * the run's history.
 */
#ifndef YG_CLI_EVENTS_H
#define YG_CLI_EVENTS_H

#include "../train/train.h"

typedef struct events {
    const yg_model *model;
    const yg_train_result *result; /* which the run fills in */
    int status; /* a STATUS_…: once a line could not be printed, no further one is. The run goes on,
                   so that no work is lost */
} events;

/* yg_train_options.planned and .progress; the context is `events`. */
void events_planned(void *context, const yg_program_stats *step, int64_t best_bytes);
void events_show(void *context, const yg_train_progress *now);

/* The last line. */
void events_end(events *events, const char *status);
void events_error(events *events, const yg_error *error);

#endif
