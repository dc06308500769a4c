/*
 * Reading `outputs:` and `metrics:`.
 */
#ifndef YG_MODELS_LOADER_OUTPUTS_H
#define YG_MODELS_LOADER_OUTPUTS_H

#include "syntax.h"

bool yg_read_outputs(yg_model *model, const yg_value *value, const char *what, bool list_allowed,
                     yg_output_spec **outputs, size_t *count, yg_error *error);
/* Fails if an entry has units. Only outputs of a model can have them, not metrics or outputs of a
 * layer type. */
bool yg_refuse_units(const yg_output_spec *outputs, size_t count, const char *what,
                     yg_error *error);

#endif
