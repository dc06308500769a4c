/*
 * Prediction: CSV in, CSV out, in batches, so that a pipe of any length takes constant memory.
 *
 * In: a header and rows. Columns are found by the names that the weights file remembers, in any
 * order; others are passed over. A model that was trained on rows remembers none: then `x.0`,
 * `x.1`, … (or `x`, for one element) name the elements of input x, or, for a model with one input,
 * a file with exactly as many columns as it has elements is taken as it stands.
 *
 * Out: a column for each element of each output: `a2` for one element, `a2.0`, `a2.1`, … for more,
 * `probability.setosa`, … where the target's classes are as many as the output's elements. Where
 * such an output, or one sigmoid output for two classes, answers a target with classes, a last
 * column, named as the target's column, holds the label of the most probable class. An output that
 * says `units: y` is in the units of y, also where y is standardised (units.h). What is transformed
 * stays so, for a formula is not turned round.
 */
#ifndef YG_TRAIN_PREDICT_H
#define YG_TRAIN_PREDICT_H

#include "data.h"

#include <stdio.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_predict_options {
    const char *weights; /* a safetensors file; NULL: runs/NAME/weights.safetensors */
    int64_t batch_size;  /* 0: 256 */
    yg_dtype dtype;      /* as yg_evaluate_options.dtype */
    int threads;         /* 0: all cores */
    char delimiter;      /* 0: a comma */
    /* Told what a user should know of the predictions, such as their units; NULL: nobody is. */
    void (*note)(void *context, const char *text);
    void *context;
} yg_predict_options;

/* Rows are answered when the input pauses, or batch_size of them have come. Of a pipe, nothing may
 * have been read before. `in_name` stands for the input in messages ("stdin", a path). Rows before
 * a bad one may have been written. `rows` (may be NULL) counts the predictions. `options` may be
 * NULL. */
bool yg_predict(const yg_model *model, const yg_predict_options *options, FILE *in,
                const char *in_name, FILE *out, int64_t *rows, yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
