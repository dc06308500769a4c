/*
 * The learning rate of a step. Private to train/.
 *
 *   schedule: {type: cosine, warmup_steps: 200, min_lr: 0}
 *
 * With `warmup_steps: w`, step s (from 0) below w has rate lr · (s + 1) / w. The steps after it
 * have the rate that the schedule's formula gives (models/schedules/). It is given lr and
 *
 *   step    s - w
 *   steps   the steps of the whole run - w
 *   epoch   whole epochs since the warm-up: step // (steps an epoch)
 *
 * In a list of schedules each has the steps of the run that its `steps` or `epochs` say, and the
 * last one the rest. For its formula, the run is these steps.
 */
#ifndef YG_TRAIN_SCHEDULE_H
#define YG_TRAIN_SCHEDULE_H

#include "../models/loader/rate.h"

/* What the rates of a run depend on. */
typedef struct yg_rate_plan {
    const yg_schedule *schedule; /* NULL: lr in every step */
    double lr;
    int64_t steps, epoch_steps; /* of the whole run; of an epoch */
    double largest;             /* that the network's type holds; 0: any */
} yg_rate_plan;

/* Computes the rate of a step, from 0. False if it is no finite number of at least 0, or too large.
 */
bool yg_schedule_rate(const yg_rate_plan *plan, int64_t step, double *rate, yg_error *error);

/* Fails where the rate of a step is wrong. Looks at all steps of a short run; of a longer one, at
 * the first and the last and at many between them. So most mistakes are told before a run begins.
 */
bool yg_schedule_check(const yg_rate_plan *plan, yg_error *error);

#endif
