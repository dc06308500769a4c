/*
 * Reading `outputs:` and `metrics:`.
 */
#ifndef YG_MODELS_LOADER_OUTPUTS_H
#define YG_MODELS_LOADER_OUTPUTS_H

#include "syntax.h"

/* A list of names (with `list_allowed`), or a map from name to an expression or to `{value: …,
 * units: …}`. `what` names it in messages. */
bool yg_read_outputs(yg_model *model, const yg_value *value, const char *what, bool list_allowed,
                     yg_output_spec **outputs, size_t *count, yg_error *error);
/* `metrics:`, whose entries may also be joined: `{value: …, join: sum}` or `{ratio: [a, b]}`. */
bool yg_read_metrics(yg_model *model, const yg_value *value, yg_error *error);
/* The words for YG_JOIN_MEAN and the three after it; ends with NULL. */
extern const char *const yg_join_words[];
/* Fails if an entry has units. Only outputs and metrics of a model can have them, not what a layer
 * type gives. */
bool yg_refuse_units(const yg_output_spec *outputs, size_t count, const char *what,
                     yg_error *error);

#endif
