/*
 * Loss and metrics of many examples, gathered batch by batch. Private to train/.
 *
 * Totals are plain numbers and rows. A checkpoint holds them, so an epoch that is interrupted goes
 * on to the same bits. For scores (the loss and the metrics) of E elements together they are:
 *
 *   values[0 .. E)    each score of the last batch: the result if there was only one batch
 *   values[E .. 2E)   each score, times the examples of its batch, summed; or joined as its metric
 *                     says
 *   then for each score 1 if its parts were missing in the network of some batch, else 0
 *   then for each part, but rows, its elements: summed, or the largest, or the smallest
 *   rows              of each part that is rows, those of all examples, in the order of batches
 */
#ifndef YG_TRAIN_TOTALS_H
#define YG_TRAIN_TOTALS_H

#include "evaluate.h"
#include "executable.h"
#include "score_plan.h"

typedef struct yg_totals {
    int64_t examples, batches; /* that were added */
    size_t count;              /* of `values` */
    double *values;
    int64_t capacity; /* examples that rows have room for */
    int64_t memory;   /* the most bytes for rows, and for a head that computes with them */
    size_t part_count;
    void **rows; /* by part: [capacity, elements]; NULL: no rows, or no memory for them */
} yg_totals;

/* Empty totals for a plan, with room for the rows of so many examples, as far as `memory` bytes
 * allow it. Without rows, a score is a mean over batches. False when out of memory; freed by
 * yg_totals_free() after success. */
bool yg_totals_begin(const yg_score_plan *plan, int64_t examples, int64_t memory, yg_totals *totals,
                     yg_error *error);
void yg_totals_clear(yg_totals *totals); /* back to empty, for the next epoch */
void yg_totals_free(yg_totals *totals);  /* what it holds, not the struct */

/* Adds the scores and parts of an executable's last run. */
void yg_totals_add(const yg_score_plan *plan, const yg_executable *executable, yg_totals *totals);

/* The totals of one batch as bytes, for another process, with those rows that `whole` has room for.
 * The bytes are a multiple of 8. */
size_t yg_totals_packed_bytes(const yg_score_plan *plan, const yg_totals *whole, int64_t examples);
void yg_totals_pack(const yg_score_plan *plan, const yg_totals *whole, const yg_totals *batch,
                    char *to);
/* Adds such a batch, of so many examples, as yg_totals_add() would. */
void yg_totals_add_packed(const yg_score_plan *plan, const char *from, int64_t examples,
                          yg_totals *totals);

/* Whether a score's parts were missing in some batch. */
bool yg_totals_lack(const yg_score_plan *plan, const yg_totals *totals, size_t score);

/* The compiled programs that compute scores from totals, kept for the next epoch. */
typedef struct yg_heads {
    size_t count;
    struct yg_head *heads;
} yg_heads;

void yg_heads_free(yg_heads *heads); /* what it holds, not the struct (score_head.c) */

/* Computes the scores of everything that was added, into `scores`, which yg_scores_begin() made.
 * `options` are those that the plan was made with. False on failure. */
bool yg_totals_finish(const yg_executable_options *options, const yg_score_plan *plan,
                      const yg_totals *totals, yg_heads *heads, yg_scores *scores, yg_error *error);

/* Adds the totals to a checkpoint, which must be written before they change; or takes them back
 * into empty totals, of so many examples and batches. `path` is for messages. (totals_file.c) */
bool yg_totals_save(const yg_score_plan *plan, const yg_totals *totals, yg_tensor_file *file,
                    yg_error *error);
bool yg_totals_restore(const yg_score_plan *plan, const yg_tensor_file *file, const char *path,
                       int64_t examples, int64_t batches, yg_totals *totals, yg_error *error);

/* Scores with names and no values. Freed by yg_scores_free() after success. */
bool yg_scores_begin(const yg_score_plan *plan, yg_scores *scores, yg_error *error);
/* Copies values; `to` was made for the same plan. */
void yg_scores_copy(const yg_scores *from, yg_scores *to);
/* The numbers of score `i`: the loss, or a metric. */
double *yg_scores_place(yg_scores *scores, size_t i);
/* Notes whether score `i` is a mean over batches. */
void yg_scores_mark(yg_scores *scores, size_t i, bool of_batches);

#endif
