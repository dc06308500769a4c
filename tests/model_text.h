/*
 * Models from text: written to a folder of their own, loaded, and the folder removed again.
 */
#ifndef YG_TESTS_MODEL_TEXT_H
#define YG_TESTS_MODEL_TEXT_H

#include "models/model.h"

/* A file to write beside the model: for `include`. */
typedef struct model_file {
    const char *name;
    const char *text;
} model_file;

/* Loads `text` as model.yaml, with `count` files beside it. The folder is cut from the file names
 * of *error and from its message. NULL on failure. */
yg_model *model_from_files(const char *text, const model_file *files, size_t count,
                           const yg_model_options *options, yg_error *error);
yg_model *model_from_text(const char *text, yg_error *error);

#endif
