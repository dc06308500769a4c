/*
 * A moving average of the weights, which is scored and kept in their place. Private to train/.
 *
 *   average: {decay: 0.999, bias_correction: false, start: 0}
 *
 * After each step, average += rate · (weight - average). With t counted from the first step of
 * epoch `start`, the rate is
 *
 *   1 - decay                      and 1 in the first step: PyTorch's AveragedModel with
 * get_ema_avg_fn (1 - decay) / (1 - decay^t)    with `bias_correction`: no step weighs more for
 * having been first 1 / t                          with that and decay: 1, the plain mean
 *
 * Before that the average is the weights. It is the state "@average.NAME" (optimizer_update.h), so
 * a run scores, keeps and saves it as that of a schedule-free optimizer.
 */
#ifndef YG_TRAIN_AVERAGE_H
#define YG_TRAIN_AVERAGE_H

#include "../graph/text.h"
#include "../models/loader/setting.h"
#include "optimizer.h"

typedef struct yg_average {
    bool written; /* the file has the key */
    double decay;
    bool bias_correction;
    int64_t start; /* epochs */
    yg_origin origin;
} yg_average;

/* The keys, for documents. */
extern const yg_setting_group yg_average_settings;

bool yg_average_read(const yg_value *value, yg_average *average, yg_error *error);
/* Adds lines that tell it, for a run's identity. */
void yg_average_describe(const yg_average *average, yg_text *text);

/* The rate of a step of the run, from 0, for the input below. */
double yg_average_rate(const yg_average *average, int64_t step, int64_t epoch_steps);

/* Appends the averages of those of parameters[0..count) that `out` updates, and of those that are
 * frozen. *rate becomes the program's input of the rate, an f64 scalar. */
bool yg_average_build(const yg_average *average, yg_graph *graph, const yg_node *parameters,
                      const bool *frozen, size_t count, yg_optimizer_graph *out, yg_node *rate,
                      yg_error *error);

#endif
