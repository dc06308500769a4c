/*
 * What a step that went wrong was computed from, kept to be looked at. Private to train/.
 *
 *   RUN/failed/batch.safetensors    the inputs and targets, as the network takes them: transformed,
 *                                   standardised, in the order of the batch
 *   RUN/failed/weights.safetensors  the parameters before the step
 *   RUN/failed/model.yaml           the model in operators only, with that batch as its data
 *
 * So `yamlgrad explain` or `grad` of that model file, at those weights, computes what went wrong.
 * The three are replaced by the next step that fails.
 */
#ifndef YG_TRAIN_FAILED_STEP_H
#define YG_TRAIN_FAILED_STEP_H

#include "run.h"

/* Writes the files. The executable's inputs hold the batch, and the run's store the parameters.
 * False on failure. */
bool yg_failed_step_save(const yg_run *run, const yg_executable *executable, yg_error *error);

#endif
