/*
 * Loss and metrics of many examples, gathered batch by batch. Private to train/.
 *
 * Totals are plain numbers. A checkpoint holds them, so an epoch that is interrupted goes on to the
 * same bits. For S scores (the loss and the metrics) and the parts of a plan they are:
 *
 *   values[0 .. S)    each score of the last batch: the result if there was only one batch
 *   values[S .. 2S)   each score, times the examples of its batch, summed
 *   values[2S ..)     the elements of all parts: summed, or the largest, or the smallest
 */
#ifndef YG_TRAIN_TOTALS_H
#define YG_TRAIN_TOTALS_H

#include "evaluate.h"
#include "executable.h"
#include "score_plan.h"

typedef struct yg_totals {
    int64_t examples, batches; /* that were added */
    bool lacks_parts;          /* the parts were not found in the network of some batch */
    size_t count;              /* of `values` */
    double *values;
} yg_totals;

/* Empty totals for a plan. False when out of memory; freed by yg_totals_free() after success. */
bool yg_totals_begin(const yg_score_plan *plan, yg_totals *totals, yg_error *error);
void yg_totals_clear(yg_totals *totals); /* back to empty, for the next epoch */
void yg_totals_free(yg_totals *totals);  /* what it holds, not the struct */

/* Adds the scores and parts of an executable's last run. */
void yg_totals_add(const yg_score_plan *plan, const yg_executable *executable, yg_totals *totals);

/* The compiled programs that compute scores from totals, kept for the next epoch. */
typedef struct yg_heads {
    size_t count;
    struct yg_head *heads;
} yg_heads;

void yg_heads_free(yg_heads *heads); /* what it holds, not the struct */

/* Computes the scores of everything that was added, into `scores`, which yg_scores_begin() made.
 * `options` are those that the plan was made with. False on failure. */
bool yg_totals_finish(const yg_executable_options *options, const yg_score_plan *plan,
                      const yg_totals *totals, yg_heads *heads, yg_scores *scores, yg_error *error);

/* Scores with names and no values. Freed by yg_scores_free() after success. */
bool yg_scores_begin(const yg_score_plan *plan, yg_scores *scores, yg_error *error);
/* Copies values; `to` was made for the same plan. */
void yg_scores_copy(const yg_scores *from, yg_scores *to);

#endif
