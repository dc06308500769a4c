/*
 * Outputs in the units of an input or target.
 */
#ifndef YG_MODELS_LOADER_UNITS_H
#define YG_MODELS_LOADER_UNITS_H

#include "network.h"
#include "syntax.h"

/* Whether `units` name inputs and targets that can have them; after yg_resolve_ports(). */
bool yg_resolve_units(const yg_model *model, yg_error *error);
/* That each output with `units` has the shape for it. */
bool yg_check_units(const yg_network *network, yg_error *error);

#endif
