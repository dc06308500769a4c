/*
 * A run by L-BFGS. Its program computes loss and gradients of the whole training part, and a step
 * runs it several times. Private to train/.
 */
#ifndef YG_TRAIN_RUN_LBFGS_H
#define YG_TRAIN_RUN_LBFGS_H

#include "lbfgs.h"
#include "run.h"

typedef struct yg_run_lbfgs yg_run_lbfgs;

/* Adds the state to the run's store, which has all other tensors. NULL on failure: batches are
 * smaller than the training part, gradients are clipped, or the model has states that training
 * changes, which would change in each evaluation. Freed by yg_run_lbfgs_free(). */
yg_run_lbfgs *yg_run_lbfgs_new(yg_run *run, const yg_executable *executable, yg_error *error);
void yg_run_lbfgs_free(yg_run_lbfgs *lbfgs); /* NULL is allowed */

/* One step, with the inputs that the executable has. Its results are then those of the new
 * parameters. */
bool yg_run_lbfgs_step(yg_run_lbfgs *lbfgs, yg_run *run, yg_executable *executable, double lr,
                       yg_error *error);

#endif
