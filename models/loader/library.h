/*
 * Where layer types come from.
 */
#ifndef YG_MODELS_LOADER_LIBRARY_H
#define YG_MODELS_LOADER_LIBRARY_H

#include "syntax.h"

/* `include:`: the layer types of other files. */
bool yg_read_includes(yg_model *model, const yg_value *value, yg_library *library, int depth,
                      yg_error *error);
/* A layer type by name: the file's own, else the built-in. NULL with an error that suggests. */
yg_definition *yg_find_definition(yg_model *model, const yg_library *library, const char *name,
                                  yg_origin origin, yg_error *error);
/* Reads a document and keeps it as long as the model. */
const yg_value *yg_model_read(yg_model *model, const char *path, yg_error *error);
/* The folder that `path` stands in, "." where it names none. */
const char *yg_folder_of(yg_pool *pool, const char *path);

#endif
