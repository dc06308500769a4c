/*
 * Evaluation: loss and metrics of given weights on a part of the data.
 */
#ifndef YG_TRAIN_EVALUATE_H
#define YG_TRAIN_EVALUATE_H

#include "data.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* A metric's value. */
typedef struct yg_score {
    const char *name; /* belongs to the model */
    double value;
    bool of_batches; /* it mixes examples, as x - mean(x) does, and there was no memory for all of
                        them at once: a mean over batches, so it depends on their size */
} yg_score;

/* Loss and metrics of so many examples, whatever the batches that they were computed in. */
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
    const char *split;   /* "train", "validation" or "test"; NULL: test, or validation, or train,
                            the first that the model has */
    const char *csv;     /* a CSV file instead of a split, with the columns that the weights file
                            remembers, targets too, and the delimiter that `data: train` has;
                            NULL: none */
    int64_t batch_size;  /* 0: 256 */
    yg_dtype dtype;      /* YG_F32 or YG_F64; anything else (0): the model's (`train: dtype`), F32
                            where that says nothing */
    int threads;         /* 0: all cores */
} yg_evaluate_options;

/* After success the caller frees with yg_scores_free(). `options` may be NULL. `split` (may be
 * NULL) becomes the name of what was evaluated: a split's, or the CSV's path; static or borrowed
 * from `options`. */
bool yg_evaluate(const yg_model *model, const yg_evaluate_options *options, yg_scores *scores,
                 const char **split, yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
