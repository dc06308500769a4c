/*
 * The copy of a model file that a run keeps in its folder. Private to train/.
 *
 * The copy trains to the same results from where it is. So options of the command line, such as
 * --set, are written into it, and relative paths are made absolute. All other text, comments too,
 * stays as it is.
 */
#ifndef YG_TRAIN_MODEL_COPY_H
#define YG_TRAIN_MODEL_COPY_H

#include "settings.h"

/* Copies the model's file into the folder, and the second one if there is one (options->run_path).
 */
bool yg_model_copy(const yg_model *model, const yg_train_options *options, const char *folder,
                   yg_error *error);

#endif
