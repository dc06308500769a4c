/*
 * A small curve of text: the loss over the epochs of a run, for the end of `train`.
 *
 *    0.97 ┤•
 *         │ •∘∘
 *   0.053 ┤   ••••••••
 *         └────────────
 *          epoch 1     60      • train.loss  ∘ validation.loss
 */
#ifndef YG_CLI_CURVE_H
#define YG_CLI_CURVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { CURVE_POINTS = 64, CURVE_SERIES = 2 };

/* A point is the mean over `stride` epochs, so that a run of any length has room. */
typedef struct curve {
    int64_t first;  /* the number of the first epoch */
    int64_t epochs; /* that were added */
    int64_t stride; /* 0: none was added yet */
    struct {
        double sum[CURVE_POINTS];
        int64_t count[CURVE_POINTS]; /* epochs with a finite loss */
    } series[CURVE_SERIES];          /* training, validation */
} curve;

/* Adds the losses of an epoch. One that is not finite leaves a gap; so does a part that there is
 * none of, as NaN. */
void curve_add(curve *curve, int64_t epoch, double training, double validation);

/* Prints the curve, no wider than the terminal. Nothing where there are fewer than three points. */
void curve_print(const curve *curve, FILE *to);

#endif
