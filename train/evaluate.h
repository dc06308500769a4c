/*
 * Evaluation: loss and metrics of given weights on a part of the data.
 */
#ifndef YG_TRAIN_EVALUATE_H
#define YG_TRAIN_EVALUATE_H

#include "../data/data.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* A metric that is a table: a confusion matrix, the points of a curve, a number for each class.
 *
 * `function` tells what to draw: "confusion_matrix" has a row for each class and a column for each
 * answer; "roc_curve" has the false positive rate in its first column and true positive rates in
 * the others; "precision_recall_curve" has recall there, and precisions. A list of numbers is a
 * table of one column. */
typedef struct yg_score_table {
    const char *function; /* the operator whose call the metric is; NULL: another expression.
                             Belongs to the model */
    int64_t rows, columns;
    double *values;   /* [rows, columns] */
    char **row_names; /* such as the classes; NULL: they have none */
    char **column_names;
} yg_score_table;

/* A metric's value. */
typedef struct yg_score {
    const char *name;      /* belongs to the model */
    double value;          /* NaN where it is a table */
    yg_score_table *table; /* owned; NULL: it is one number */
    bool of_batches; /* the value is a mean over batches and depends on their size: the metric mixes
                        examples, as x - mean(x) does, and all of them would take too much memory */
} yg_score;

/* Loss and metrics of a number of examples. They do not depend on the batches that they were
 * computed in, except where `of_batches` says so. */
typedef struct yg_scores {
    int64_t examples;
    double loss;
    bool loss_of_batches; /* as yg_score.of_batches */
    size_t count;
    yg_score *metrics; /* in the order of the model's `metrics:` */
} yg_scores;

void yg_scores_free(yg_scores *scores); /* what it holds, not the struct */

typedef struct yg_evaluate_options {
    const char *weights; /* a safetensors file; NULL: runs/NAME/weights.safetensors */
    const char *split;   /* "train", "validation" or "test"; NULL: the first that the model has of
                            test, validation, train */
    const char *csv;     /* a table, such as a CSV file, or a file of arrays, instead of a split;
                            NULL: none. A table has the columns that the
                            weights file remembers, those of targets too, and the delimiter of
                            `data: train`. */
    int64_t batch_size;  /* 0: that of `train:`, which gives the numbers that a run tells of its
                            weights to the last digit; 256 without that section */
    yg_dtype dtype;      /* YG_F32 or YG_F64; anything else, such as 0: `train: dtype` of the model,
                            or YG_F32 without that */
    int threads;         /* 0: all cores */
    yg_error *not_finite; /* filled in where the loss is NaN or infinite, with the node, its line
                             and the example where that begins. Such an evaluation is a success all
                             the same. NULL: nothing is told */
} yg_evaluate_options;

/* Evaluates. `options` may be NULL. *split becomes the name of the split, or the path of the CSV
 * file; it is static or belongs to `options`. `split` may be NULL. False on failure; after success
 * the caller frees `scores` with yg_scores_free(). */
bool yg_evaluate(const yg_model *model, const yg_evaluate_options *options, yg_scores *scores,
                 const char **split, yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
