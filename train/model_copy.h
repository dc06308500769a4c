/*
 * The copy of a model that a run keeps in its folder. Private to train/.
 */
#ifndef YG_TRAIN_MODEL_COPY_H
#define YG_TRAIN_MODEL_COPY_H

#include "../models/model.h"

/* Copies the model's file into the folder, and the second one if there is one (NULL: none). */
bool yg_model_copy(const yg_model *model, const char *run_path, const char *folder,
                   yg_error *error);

#endif
