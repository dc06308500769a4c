/*
 * Outputs, loss and metrics of a network, and what `expect:` says of it.
 */
#ifndef YG_MODELS_LOADER_BUILD_RESULTS_H
#define YG_MODELS_LOADER_BUILD_RESULTS_H

#include "builder.h"

/* After all statements; with `outputs_only` nothing but the outputs. */
bool yg_build_results(yg_builder *builder, const yg_model *model, const yg_flat *flat,
                      yg_network *network, bool outputs_only);

#endif
