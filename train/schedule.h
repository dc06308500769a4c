/*
 * Learning rate schedules: the rate as a function of the step. Private to train/.
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
 *   linear        lr · (1 + (end_factor - 1) · i / n)                       LinearLR, start_factor
 * 1
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
    int64_t step_size;         /* step: in epochs */
    double gamma;              /* step, exponential */
    double min_lr, end_factor; /* cosine; linear */
} yg_schedule;

bool yg_schedule_read(const yg_value *value, yg_schedule *schedule, yg_error *error);

/* The rate of `step` (from 0) of a run of `steps`, `epoch_steps` of them an epoch. */
double yg_schedule_rate(const yg_schedule *schedule, double lr, int64_t step, int64_t steps,
                        int64_t epoch_steps);

#endif
