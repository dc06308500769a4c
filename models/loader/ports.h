/*
 * Reading `inputs:` and `targets:` of a model.
 */
#ifndef YG_MODELS_LOADER_PORTS_H
#define YG_MODELS_LOADER_PORTS_H

#include "syntax.h"

bool yg_read_ports(yg_model *model, const yg_value *inputs, const yg_value *targets,
                   yg_error *error);
/* Evaluates the declared shapes. A symbolic dimension becomes -1, with its name in `symbols`. */
bool yg_resolve_ports(yg_model *model, yg_error *error);

#endif
