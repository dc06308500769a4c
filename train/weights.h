/*
 * Weights files: a tensor for each parameter, by name, and the encoding of the data (encoding.h).
 * Private to train/.
 */
#ifndef YG_TRAIN_WEIGHTS_H
#define YG_TRAIN_WEIGHTS_H

#include "../data/data.h"
#include "../data/safetensors.h"

/* Whether all values are finite. Integers always are. */
bool yg_tensor_is_finite(const yg_tensor *tensor);

/* Adds every parameter of the network with its initial value. */
bool yg_weights_initialize(const yg_network *network, uint64_t seed, yg_tensor_file *store,
                           yg_error *error);

/* Overwrites the store's first `count` tensors, the parameters, with those of the same name in
 * `file`. Float types are converted. Fails where one is missing or has another shape, or where the
 * file has a tensor that belongs to nothing. `path` is for messages. */
bool yg_weights_assign(const yg_tensor_file *file, const char *path, size_t count,
                       yg_tensor_file *store, yg_error *error);

/* `weights`, where that is not NULL. Otherwise the weights that stand beside the model, if it is
 * the copy in a run's folder or of a failed step; else runs/NAME/weights.safetensors. Freed by the
 * caller. */
char *yg_weights_path(const yg_model *model, const char *weights);
/* Reads the file that yg_weights_path() gave. If it does not exist, the message says how to make
 * one; a model without parameters needs none. Freed by the caller after success. */
bool yg_weights_read(const yg_model *model, const char *path, yg_tensor_file *file,
                     yg_error *error);

#endif
