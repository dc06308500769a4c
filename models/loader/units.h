/*
 * Outputs in the units of an input or target, or with scores of its classes.
 */
#ifndef YG_MODELS_LOADER_UNITS_H
#define YG_MODELS_LOADER_UNITS_H

#include "network.h"
#include "syntax.h"

/* Checks that every `units` names an input or target of floats, and every `classes` one that has
 * classes. To be called after yg_resolve_ports(). */
bool yg_resolve_units(const yg_model *model, yg_error *error);
/* Checks that each output with `units` has the shape of that input or target, and each with
 * `classes` a score for each of them. */
bool yg_check_units(const yg_network *network, const yg_model *model, yg_error *error);

#endif
