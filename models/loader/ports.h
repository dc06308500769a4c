/*
 * `inputs:` and `targets:` of a model.
 */
#ifndef YG_MODELS_LOADER_PORTS_H
#define YG_MODELS_LOADER_PORTS_H

#include "syntax.h"

bool yg_read_ports(yg_model *model, const yg_value *inputs, const yg_value *targets,
                   yg_error *error);
/* The declared shapes with their numbers (-1, and the name in `symbols`, where unknown). */
bool yg_resolve_ports(yg_model *model, yg_error *error);

#endif
