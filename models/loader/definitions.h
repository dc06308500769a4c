/*
 * Reading `define:`, the layer types and schedules: first all heads, then the bodies of layer
 * types.
 */
#ifndef YG_MODELS_LOADER_DEFINITIONS_H
#define YG_MODELS_LOADER_DEFINITIONS_H

#include "syntax.h"

/* "layer type" or "schedule", for messages. */
static inline const char *yg_kind_of(const yg_definition *definition) {
    return definition->rate ? "schedule" : "layer type";
}

/* Reads the heads (arguments, inputs) of all entries; a schedule is read whole. False on failure.
 */
bool yg_read_definitions(yg_model *model, const yg_value *value, yg_library *library,
                         yg_error *error);
/* Reads the bodies of all definitions so far, and of those that they use. Fails where a type
 * contains itself. */
bool yg_finish_definitions(yg_model *model, yg_error *error);

#endif
