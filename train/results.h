/*
 * What is read of an executable after a run. Private to train/executable.c.
 */
#ifndef YG_TRAIN_RESULTS_H
#define YG_TRAIN_RESULTS_H

#include "executable.h"

/* The parts of the plan's scores, if the network has them where the plan says: before anything is
 * appended to its graph. */
bool yg_results_locate_parts(const yg_score_plan *plan, yg_executable *executable, yg_error *error);

/* Lists the results, once there is a program; `gradients` has an entry for each of the `count`
 * trainable parameters. */
bool yg_results_list(const yg_executable_options *options, yg_executable *executable,
                     const yg_node *gradients, size_t count, yg_error *error);

/* Finds where the results lie: again after each time that parameters are bound. */
bool yg_results_point(yg_executable *executable, yg_error *error);

/* Copies the results that a run is going to write over: to be called before each. */
void yg_results_before_run(yg_executable *executable);

void yg_results_free(yg_executable *executable);

#endif
