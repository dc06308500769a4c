/*
 * A run's history: a line an epoch, as CSV and as a picture. Private to train/.
 *
 * Columns: epoch, step, lr, train.loss, train.METRIC…, and the same as validation.… if there is a
 * validation part. A metric that is a table has no column in the CSV file. Nothing in it depends on
 * the clock.
 */
#ifndef YG_TRAIN_HISTORY_H
#define YG_TRAIN_HISTORY_H

#include "evaluate.h"

typedef struct yg_history {
    size_t metric_count;
    const char **metrics;          /* their names, which belong to the model */
    const yg_score_table **tables; /* by metric; NULL: it is one number. They belong to the scores
                                    * that the history began with */
    bool has_validation;
    size_t part_width; /* numbers of one part in a line */
    size_t width;      /* numbers in a line */
    size_t count, capacity;
    double *lines; /* [count, width] */
    size_t step_count, step_capacity;
    struct yg_step_line *steps;
} yg_history;

/* A step whose loss is noted: `train: log_every`. Four numbers, as a checkpoint has them. */
typedef struct yg_step_line {
    double epoch, step, lr, loss;
} yg_step_line;

/* `scores` gives the metrics' names and tables, and must outlive the history. False when out of
 * memory; freed by yg_history_free() after success. */
bool yg_history_begin(yg_history *history, const yg_scores *scores, bool has_validation,
                      yg_error *error);
void yg_history_free(yg_history *history); /* what it holds, not the struct */

/* Adds the line of an epoch. `validation` NULL: the run has no validation part. */
bool yg_history_add(yg_history *history, int64_t epoch, int64_t step, double lr,
                    const yg_scores *training, const yg_scores *validation, yg_error *error);

/* The line of an epoch. */
typedef struct yg_epoch_line {
    int64_t epoch, step;
    double lr;
    const double *scores[2]; /* of training and validation: the loss, then the metrics (NaN for a
                                table), then the elements of the tables. NULL: there is no such
                                part */
} yg_epoch_line;

yg_epoch_line yg_history_line(const yg_history *history, size_t line);

bool yg_history_add_step(yg_history *history, yg_step_line line, yg_error *error);

/* Takes the lines of an earlier part of the run, [count, width], up to `epoch`. */
bool yg_history_restore(yg_history *history, const double *lines, size_t count, int64_t epoch,
                        yg_error *error);
/* Takes the steps of an earlier part of the run. */
bool yg_history_restore_steps(yg_history *history, const yg_step_line *steps, size_t count,
                              yg_error *error);
/* Writes the lines as CSV. */
bool yg_history_write(const yg_history *history, const char *path, yg_error *error);

/* Writes them as JSON Lines: {"epoch": 1, "step": 4, "lr": 0.1, "train": {"loss": 0.5},
 * "validation": {"loss": 0.6}}. A number that is not finite is null; a table is written by
 * yg_score_table_json(). Steps come before the line of their epoch: {"epoch": 1, "step": 3, "lr":
 * 0.1, "loss": 0.7}. */
bool yg_history_write_lines(const yg_history *history, const char *path, yg_error *error);

/* Training and validation loss over epochs, as SVG. `best` is the number of the best epoch, which
 * is marked; 0: there is none yet. */
bool yg_history_draw(const yg_history *history, const char *title, int64_t best, const char *path,
                     yg_error *error);

#endif
