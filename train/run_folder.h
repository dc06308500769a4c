/*
 * A run's folder: where its files stand, and what happens to the run before. Private to train/.
 */
#ifndef YG_TRAIN_RUN_FOLDER_H
#define YG_TRAIN_RUN_FOLDER_H

#include "../models/model.h"

#define YG_RUN_WEIGHTS    "weights.safetensors"
#define YG_RUN_CHECKPOINT "checkpoint.safetensors"
#define YG_RUN_HISTORY    "history.csv"
#define YG_RUN_CURVE      "loss.svg"

/* `out`, or runs/NAME; freed by the caller. NULL on failure. */
char *yg_run_folder_name(const yg_model *model, const char *out, yg_error *error);

/* Makes the folder for a new run. One that holds an older run is renamed, to what *moved tells
 * (NULL if nothing was; freed by the caller); one where a run's file names stand among other files
 * is refused. */
bool yg_run_folder_prepare(const char *folder, char **moved, yg_error *error);

/* Copies the model's file, and the second one if there is one (NULL: none). */
bool yg_run_folder_copy_model(const char *folder, const char *model, const char *run_path,
                              yg_error *error);

/* "FOLDER/NAME"; freed by the caller. NULL (error) when out of memory. */
char *yg_run_path(const char *folder, const char *name, yg_error *error);

#endif
