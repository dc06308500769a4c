/*
 * What a step, or a batch that was scored, went wrong with, kept to be looked at. Private to
 * train/.
 *
 *   FOLDER/batch.safetensors    the inputs and targets, as the network takes them: transformed,
 *                               standardised, in the order of the batch
 *   FOLDER/weights.safetensors  the parameters before the step
 *   FOLDER/model.yaml           the model in operators only, with that batch as its data
 *
 * So `yamlgrad explain` or `grad` of that model file, at those weights, computes what went wrong.
 * The three are replaced by the next step that fails.
 */
#ifndef YG_TRAIN_FAILED_STEP_H
#define YG_TRAIN_FAILED_STEP_H

#include "executable.h"

#define YG_FAILED_BATCH "batch.safetensors"

typedef struct yg_failed_step {
    const char *folder; /* yg_run_folder_failed() */
    const yg_model *model;
    const yg_tensor_file *store; /* its first `count` tensors are the parameters */
    size_t count;
    void *const *values; /* of the parameters, in place of those of the store; NULL: those */
    const yg_executable *executable; /* its inputs hold the batch */
} yg_failed_step;

/* Writes the files. False on failure. */
bool yg_failed_step_save(const yg_failed_step *failed, yg_error *error);

#endif
