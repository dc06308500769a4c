/*
 * The results of a network: builds outputs, loss and metrics, and checks `expect:`.
 */
#ifndef YG_MODELS_LOADER_BUILD_RESULTS_H
#define YG_MODELS_LOADER_BUILD_RESULTS_H

#include "builder.h"

/* To be called after all statements. With `outputs_only`, builds only the outputs. False on
 * failure. */
bool yg_build_results(yg_builder *builder, const yg_model *model, const yg_flat *flat,
                      yg_network *network, bool outputs_only);

#endif
