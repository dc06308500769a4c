/*
 * Weights: a network's parameters by name, and what else a weights file holds. Private to train/.
 *
 * A weights file has a tensor for each parameter, and what encoding.h adds.
 */
#ifndef YG_TRAIN_WEIGHTS_H
#define YG_TRAIN_WEIGHTS_H

#include "data.h"
#include "safetensors.h"

/* Whether all its values are finite; integers are. */
bool yg_tensor_is_finite(const yg_tensor *tensor);

/* Adds every parameter of the network with its initial value. */
bool yg_weights_initialize(const yg_network *network, uint64_t seed, yg_tensor_file *store,
                           yg_error *error);

/* Overwrites store's first `count` tensors with those of the same name in `file`, whose path is for
 * messages; float types are converted. Every one must be there, with its shape, and nothing else
 * that a weights file does not hold. */
bool yg_weights_assign(const yg_tensor_file *file, const char *path, size_t count,
                       yg_tensor_file *store, yg_error *error);

/* `weights`, or runs/NAME/weights.safetensors where that is NULL. Freed by the caller. */
char *yg_weights_path(const yg_model *model, const char *weights);
/* Reads the file that yg_weights_path() gave; where there is none, the message tells how to come by
 * one. Freed by the caller after success. */
bool yg_weights_read(const yg_model *model, const char *path, yg_tensor_file *file,
                     yg_error *error);

#endif
