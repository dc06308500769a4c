/*
 * Monitors: the one number that an epoch is judged by, for the best weights and for stopping early.
 * Private to train/.
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
    bool highest;     /* higher is better */
    const char *name; /* as written, of the model's; "loss" if it was not */
    yg_origin origin;
} yg_monitor;

#define YG_MONITOR_DEFAULT ((yg_monitor){.metric = SIZE_MAX, .name = "loss"})

/* `name` and `mode` may be NULL: not written. */
bool yg_monitor_read(const yg_model *model, const yg_value *name, const yg_value *mode,
                     yg_monitor *monitor, yg_error *error);
/* Fails if it is of a part that there is not. */
bool yg_monitor_check(const yg_monitor *monitor, bool has_validation, yg_error *error);
/* What scores, of the monitor's part, are worth: lower is better, so a metric that is to be high is
 * negated. */
double yg_monitor_value(const yg_monitor *monitor, const yg_scores *scores);

#endif
