/*
 * Finding layer types and schedules: in the file, in included files, and among the built-in ones.
 */
#ifndef YG_MODELS_LOADER_LIBRARY_H
#define YG_MODELS_LOADER_LIBRARY_H

#include "syntax.h"

/* Reads `include:` and adds the layer types and schedules of other files to the library. */
bool yg_read_includes(yg_model *model, const yg_value *value, yg_library *library, int depth,
                      yg_error *error);
/* The layer type of that name: the file's own, else the built-in one. NULL with an error that
 * suggests the nearest name. */
yg_definition *yg_find_layer_type(yg_model *model, const yg_library *library, const char *name,
                                  yg_origin origin, yg_error *error);
/* The same for a schedule. */
yg_definition *yg_find_schedule(yg_model *model, const yg_library *library, const char *name,
                                yg_origin origin, yg_error *error);
/* Reads a document, which lives as long as the model, and returns its root. NULL on failure. */
const yg_value *yg_model_read(yg_model *model, const char *path, yg_error *error);
/* Keeps a document, which may be NULL, as long as the model, and returns its root. NULL on failure.
 */
const yg_value *yg_model_keep(yg_model *model, yg_document *document, yg_error *error);
/* The folder that `path` stands in, "." where it names none. */
const char *yg_folder_of(yg_pool *pool, const char *path);

#endif
