/*
 * The encoding of the data in a weights file: what was learnt of each port besides parameters, so
 * that other data are read as the training data were. Private to train/.
 *
 * Tensors: "@standardize/PORT/mean" and "@standardize/PORT/deviation" (f64). No parameter can have
 * such a name. Notes: "encoding", "1", by which a file says that it holds all that was learnt;
 * "classes.PORT" and "columns.PORT", JSON lists of texts; "transform.PORT", a formula.
 */
#ifndef YG_TRAIN_ENCODING_H
#define YG_TRAIN_ENCODING_H

#include "data.h"
#include "safetensors.h"

bool yg_encoding_save(const yg_model *model, const yg_encoding *encoding, yg_tensor_file *file,
                      yg_error *error);
/* Freed by yg_encoding_free() after success. `path` must live as long. Fails where the model's data
 * are standardised and the file does not say how, or where the model lists other classes or
 * formulas than the file. A file that says nothing of a transform takes the model's. */
bool yg_encoding_load(const yg_model *model, const yg_tensor_file *file, const char *path,
                      yg_encoding *encoding, yg_error *error);

/* yg_data_load() as the weights in `file` remember their training data: columns, classes, formulas
 * and means are theirs. Weights that remember nothing, of another program, have the encoding that
 * the training part gives today. */
bool yg_encoding_read_data(const yg_model *model, const yg_tensor_file *file, const char *path,
                           yg_dtype dtype, yg_data *data, yg_error *error);
/* The same by the file's path; NULL: yg_data_load(). */
bool yg_encoding_load_data(const yg_model *model, const char *path, yg_dtype dtype, yg_data *data,
                           yg_error *error);

#endif
