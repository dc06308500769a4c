/*
 * The results of an executable: where its loss, metrics, outputs and gradients are after a run.
 * Private to train/executable.c.
 */
#ifndef YG_TRAIN_RESULTS_H
#define YG_TRAIN_RESULTS_H

#include "executable.h"

/* Finds the parts of the plan's scores in the network. To be called before anything is appended to
 * its graph. A part that is not found is no failure: its node is YG_NONE. */
bool yg_results_locate_parts(const yg_score_plan *plan, yg_executable *executable, yg_error *error);

/* Lists the results, once there is a program; `gradients` has an entry for each of the `count`
 * trainable parameters. */
bool yg_results_list(const yg_executable_options *options, yg_executable *executable,
                     const yg_node *gradients, size_t count, yg_error *error);

/* Finds the addresses of the results. To be called each time after parameters have been bound. */
bool yg_results_point(yg_executable *executable, yg_error *error);

/* Copies the results that a run will write over. To be called before each run. */
void yg_results_before_run(yg_executable *executable);

void yg_results_free(yg_executable *executable);

#endif
