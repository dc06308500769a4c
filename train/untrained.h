/*
 * The weights of a model that has nothing to train. Private to train/.
 */
#ifndef YG_TRAIN_UNTRAINED_H
#define YG_TRAIN_UNTRAINED_H

#include "../data/safetensors.h"
#include "../models/model.h"

/* Whether a model has neither parameters nor states. */
bool yg_model_is_untrained(const yg_model *model);

/* Says that it cannot be trained. Always returns false. */
bool yg_untrained_refuse(const yg_model *model, yg_error *error);

/* What a run of such a model would write: only how the data are read, learnt from the training
 * part. A model without one needs nothing. False on failure; freed by yg_tensor_file_free(). */
bool yg_untrained_weights(const yg_model *model, yg_tensor_file *file, yg_error *error);

#endif
