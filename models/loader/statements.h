/*
 * Reading `graph:` of a model or a layer type.
 */
#ifndef YG_MODELS_LOADER_STATEMENTS_H
#define YG_MODELS_LOADER_STATEMENTS_H

#include "syntax.h"

/* Reads the entries. `library` and `definition` (NULL: the model's own graph) say which names
 * `type:` can have. */
bool yg_read_graph(yg_model *model, const yg_value *value, const yg_library *library,
                   const yg_definition *definition, yg_body *body, yg_error *error);

#endif
