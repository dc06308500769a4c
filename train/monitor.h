/*
 * A monitor is the number by which an epoch is judged: for choosing the best weights, and for early
 * stopping. Private to train/.
 *
 *   early_stopping: {monitor: validation.accuracy, mode: max, patience: 5, min_delta: 0}
 *
 * `validation.` or `train.`, and `loss` or a metric of the model. A metric needs a `mode`. Without
 * `monitor`: the validation loss, or the training loss where there is no validation part.
 */
#ifndef YG_TRAIN_MONITOR_H
#define YG_TRAIN_MONITOR_H

#include "evaluate.h"

typedef enum yg_monitor_part {
    YG_MONITOR_EITHER, /* validation, if there is one */
    YG_MONITOR_VALIDATION,
    YG_MONITOR_TRAINING,
} yg_monitor_part;

typedef struct yg_monitor {
    yg_monitor_part part;
    size_t metric;    /* SIZE_MAX: the loss */
    bool highest;     /* true: higher is better; false: lower */
    const char *name; /* as written in the model file; "loss" if nothing was */
    yg_origin origin;
} yg_monitor;

#define YG_MONITOR_DEFAULT ((yg_monitor){.metric = SIZE_MAX, .name = "loss"})

/* Reads `monitor:` and `mode:`; NULL for one that is not written. */
bool yg_monitor_read(const yg_model *model, const yg_value *name, const yg_value *mode,
                     yg_monitor *monitor, yg_error *error);
/* Fails if the monitor is a validation score and the data have no validation part. */
bool yg_monitor_check(const yg_monitor *monitor, bool has_validation, yg_error *error);
/* Fails if the monitor is a metric that is a table; `scores` are any of the model's. */
bool yg_monitor_check_number(const yg_monitor *monitor, const yg_scores *scores, yg_error *error);
/* The monitored number of some scores, so that lower is always better: a metric with `mode: max` is
 * negated. NaN where it is undefined. */
double yg_monitor_value(const yg_monitor *monitor, const yg_scores *scores);
/* Fills in the error for a monitored number that is NaN or infinite in the first epoch. Always
 * returns false. */
bool yg_monitor_fail(const yg_monitor *monitor, const yg_model *model, double value,
                     yg_error *error);

#endif
