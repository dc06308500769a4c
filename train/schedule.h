/*
 * Learning rate schedules: the learning rate as a function of the step. Private to train/.
 *
 *   schedule: {type: cosine, warmup_steps: 200, min_lr: 0}
 *
 * With `warmup_steps: w`, step s (from 0) below w has rate lr · (s + 1) / w. The steps after it
 * follow PyTorch's closed forms, with i = s - w, n = steps of the run - w, e = whole epochs since
 * the warm-up, counted as i // (steps an epoch):
 *
 *   constant      lr
 *   step          lr · gamma ^ (e // step_size)                             StepLR
 *   exponential   lr · gamma ^ e                                            ExponentialLR
 *   cosine        min_lr + (lr - min_lr) · (1 + cos(π i / n)) / 2           CosineAnnealingLR
 *   linear        lr · (1 + (end_factor - 1) · i / n)                       LinearLR from 1
 */
#ifndef YG_TRAIN_SCHEDULE_H
#define YG_TRAIN_SCHEDULE_H

#include "../models/loader/document.h"

typedef enum yg_schedule_type {
    YG_SCHEDULE_CONSTANT,
    YG_SCHEDULE_STEP,
    YG_SCHEDULE_EXPONENTIAL,
    YG_SCHEDULE_COSINE,
    YG_SCHEDULE_LINEAR,
} yg_schedule_type;

typedef struct yg_schedule {
    yg_schedule_type type;
    int64_t warmup_steps;
    int64_t step_size; /* step: epochs between two changes */
    double gamma;      /* step, exponential: the factor of a change */
    double min_lr;     /* cosine: the last rate */
    double end_factor; /* linear: the last rate, as a part of lr */
} yg_schedule;

bool yg_schedule_read(const yg_value *value, yg_schedule *schedule, yg_error *error);

/* The learning rate of `step` (from 0) in a run of `steps` steps and epochs of `epoch_steps` steps.
 */
double yg_schedule_rate(const yg_schedule *schedule, double lr, int64_t step, int64_t steps,
                        int64_t epoch_steps);

#endif
