/*
 * The copy of a model that a run keeps in its folder. Private to train/.
 *
 * It is the file as it was written, comments and all, but what the command line put in place of it
 * is written in, and relative paths are made absolute: so it trains the same from where it stands.
 */
#ifndef YG_TRAIN_MODEL_COPY_H
#define YG_TRAIN_MODEL_COPY_H

#include "settings.h"

/* Copies the model's file into the folder, and the second one if there is one (options->run_path).
 */
bool yg_model_copy(const yg_model *model, const yg_train_options *options, const char *folder,
                   yg_error *error);

#endif
