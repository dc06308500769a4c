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

#define YG_METRICS_MAX     32
#define YG_METRIC_NAME_MAX 64

/* Means over examples: a partial last batch counts by its size. */
typedef struct yg_scores {
    int64_t examples;
    double loss;
    size_t count; /* metrics, in the order of the model's `metrics:` */
    struct {
        char name[YG_METRIC_NAME_MAX];
        double value;
    } metrics[YG_METRICS_MAX];
} yg_scores;

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

/* `options` may be NULL. `split` (may be NULL) becomes the name of what was evaluated: a split's,
 * or the CSV's path; static or borrowed from `options`. */
bool yg_evaluate(const yg_model *model, const yg_evaluate_options *options, yg_scores *scores,
                 const char **split, yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
