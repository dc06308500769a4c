/*
 * Weights: a network's parameters by name, and what else a weights file holds. Private to train/.
 *
 * A weights file has a tensor for each parameter; "standardize.PORT.mean" and ".deviation" (f64),
 * and the notes "classes.PORT" and "columns.PORT", JSON lists of texts, and "transform.PORT", a
 * formula.
 */
#ifndef YG_TRAIN_WEIGHTS_H
#define YG_TRAIN_WEIGHTS_H

#include "data.h"
#include "safetensors.h"

/* Adds every parameter of the network with its initial value. */
bool yg_weights_initialize(const yg_network *network, uint64_t seed, yg_tensor_file *store,
                           yg_error *error);

/* Overwrites store's first `count` tensors with those of the same name in `file`, whose path is for
 * messages; float types are converted. Every one must be there, with its shape, and nothing else
 * that a weights file does not hold. */
bool yg_weights_assign(const yg_tensor_file *file, const char *path, size_t count,
                       yg_tensor_file *store, yg_error *error);

bool yg_encoding_save(const yg_model *model, const yg_encoding *encoding, yg_tensor_file *file,
                      yg_error *error);
/* Freed by yg_encoding_free() after success. `path` must live as long. Fails where the model's data
 * are standardised and the file does not say how, or transformed, and the file says otherwise: a
 * file that says nothing of a transform takes the model's. */
bool yg_encoding_load(const yg_model *model, const yg_tensor_file *file, const char *path,
                      yg_encoding *encoding, yg_error *error);

/* `weights`, or runs/NAME/weights.safetensors where that is NULL. Freed by the caller. */
char *yg_weights_path(const yg_model *model, const char *weights);
/* Reads the file that yg_weights_path() gave; where there is none, the message tells how to come by
 * one. Freed by the caller after success. */
bool yg_weights_read(const yg_model *model, const char *path, yg_tensor_file *file,
                     yg_error *error);

#endif
