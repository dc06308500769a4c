/*
 * Reporting declared names that nothing uses.
 */
#ifndef YG_MODELS_LOADER_USED_H
#define YG_MODELS_LOADER_USED_H

#include "syntax.h"

bool yg_check_names_used(const yg_model *model, yg_error *error);

#endif
