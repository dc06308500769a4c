/*
 * run.json of a run's folder: with what the run was started, where, when, and how it ended. Private
 * to train/.
 *
 * Nothing in the run depends on this file, and it alone depends on the clock and the machine. So it
 * is no part of what the same seed gives again.
 *
 *   format         1
 *   status         running, finished, stopped early, interrupted or failed
 *   message        why it has failed
 *   model, file    the model's name and the absolute path of its file; `second` is that of RUN.yaml
 *   command        the words of the command line; `directory` is where it was given
 *   set, options   what the command line has changed: vars, and options such as lr
 *   seed, dtype, batch_size, threads, optimizer, monitor, mode
 *   started, saved dates in UTC, the second one of the last change to this file
 *   seconds        spent by all starts together; `starts` is how often it was begun or resumed
 *   yamlgrad, machine, commit
 *   parameters, examples, epochs, steps, best_epoch
 *   results        at the end: scores of the kept weights by part, as {loss: …, METRIC: …}
 */
#ifndef YG_TRAIN_RUN_RECORD_H
#define YG_TRAIN_RUN_RECORD_H

#include "run.h"

/* Notes the time. Where the run goes on, reads what its folder has of the run's earlier starts. */
void yg_run_record_begin(yg_run *run);

/* Writes the file. `message` may be NULL. False on failure. */
bool yg_run_record_write(const yg_run *run, const char *status, const char *message,
                         yg_error *error);

#endif
