/*
 * The encoding of the data in a weights file: what was learnt of each port besides parameters, so
 * that other data are read as the training data were. Private to train/.
 *
 * Tensors: "@standardize.PORT.mean" and ".deviation" (f64). Notes: "classes.PORT" and
 * "columns.PORT", JSON lists of texts, and "transform.PORT", a formula.
 */
#ifndef YG_TRAIN_ENCODING_H
#define YG_TRAIN_ENCODING_H

#include "data.h"
#include "safetensors.h"

bool yg_encoding_save(const yg_model *model, const yg_encoding *encoding, yg_tensor_file *file,
                      yg_error *error);
/* Freed by yg_encoding_free() after success. `path` must live as long. Fails where the model's data
 * are standardised and the file does not say how, or transformed, and the file says otherwise: a
 * file that says nothing of a transform takes the model's. */
bool yg_encoding_load(const yg_model *model, const yg_tensor_file *file, const char *path,
                      yg_encoding *encoding, yg_error *error);

#endif
