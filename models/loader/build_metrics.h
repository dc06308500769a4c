/*
 * The metrics of a network.
 */
#ifndef YG_MODELS_LOADER_BUILD_METRICS_H
#define YG_MODELS_LOADER_BUILD_METRICS_H

#include "builder.h"

/* Builds the metrics, after everything else. False on failure. */
bool yg_build_metrics(yg_builder *builder, yg_network *network, const yg_model *model,
                      const yg_flat *flat);

#endif
