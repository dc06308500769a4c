/*
 * Checking `expect:` of a model.
 */
#ifndef YG_MODELS_LOADER_EXPECTATIONS_H
#define YG_MODELS_LOADER_EXPECTATIONS_H

#include "builder.h"

bool yg_check_expectations(yg_builder *builder, const yg_model *model, const yg_flat *flat,
                           const yg_network *network);

#endif
