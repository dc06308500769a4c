/*
 * `define:`: layer types.
 */
#ifndef YG_MODELS_LOADER_DEFINITIONS_H
#define YG_MODELS_LOADER_DEFINITIONS_H

#include "syntax.h"

/* The heads (arguments, inputs) of the entries, so that nodes can be read against them. */
bool yg_read_definitions(yg_model *model, const yg_value *value, yg_library *library,
                         yg_error *error);
/* The bodies of all definitions met so far and of those they need, and that none holds itself. */
bool yg_finish_definitions(yg_model *model, yg_error *error);

#endif
