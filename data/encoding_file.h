/*
 * The encoding of the data (yg_encoding) in a weights file. It says how each port was read in
 * training, so that other data are read in the same way. Private to the library.
 *
 *   tensors  "@standardize/PORT/mean" and "@standardize/PORT/deviation" (f64). No parameter can
 *            have such a name.
 *   notes    "encoding", "1": the file holds the whole encoding.
 *            "classes.PORT" and "columns.PORT": JSON lists of texts.
 *            "encoding.PORT": a JSON list with an entry for each of columns.PORT: null, or an
 * object with the column's kind, its options, and what was learnt (column.h). Not there where no
 * column has options. "transform.PORT": a formula.
 */
#ifndef YG_DATA_ENCODING_FILE_H
#define YG_DATA_ENCODING_FILE_H

#include "data.h"
#include "safetensors.h"

/* Adds the encoding to a file that is to be written. */
bool yg_encoding_save(const yg_model *model, const yg_encoding *encoding, yg_tensor_file *file,
                      yg_error *error);
/* Reads the encoding from a file. Fails where the model's data are standardised and the file has no
 * means, or where the model lists other classes or formulas than the file. If the file has no
 * transform, the model's is taken. `path` must outlive the encoding. Freed by yg_encoding_free()
 * after success. */
bool yg_encoding_load(const yg_model *model, const yg_tensor_file *file, const char *path,
                      yg_encoding *encoding, yg_error *error);

/* As yg_data_load(), but columns, classes, formulas and means are those of the weights in `file`.
 * Weights that another program wrote have no encoding; then it is learnt from the training part as
 * it is now. */
bool yg_encoding_read_data(const yg_model *model, const yg_tensor_file *file, const char *path,
                           yg_dtype dtype, yg_data *data, yg_error *error);
/* The same by the file's path; `path` NULL: as yg_data_load(). */
bool yg_encoding_load_data(const yg_model *model, const char *path, yg_dtype dtype, yg_data *data,
                           yg_error *error);

#endif
