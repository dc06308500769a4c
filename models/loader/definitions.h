/*
 * Reading `define:`, the layer types: first all heads, then all bodies.
 */
#ifndef YG_MODELS_LOADER_DEFINITIONS_H
#define YG_MODELS_LOADER_DEFINITIONS_H

#include "syntax.h"

/* Reads the heads (arguments, inputs) of all entries. False on failure. */
bool yg_read_definitions(yg_model *model, const yg_value *value, yg_library *library,
                         yg_error *error);
/* Reads the bodies of all definitions so far, and of those that they use. Fails where a type
 * contains itself. */
bool yg_finish_definitions(yg_model *model, yg_error *error);

#endif
