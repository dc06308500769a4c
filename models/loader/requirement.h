/*
 * Requirements of layer types on the shapes of their inputs.
 */
#ifndef YG_MODELS_LOADER_REQUIREMENT_H
#define YG_MODELS_LOADER_REQUIREMENT_H

#include "builder.h"

/* Fails unless the tensor has the dimensions of the pattern. The error is that of the layer node,
 * at `origin`. */
bool yg_check_requirement(yg_builder *builder, const yg_requirement *required, yg_origin origin);

/* The dimension of the tensor that an entry of the pattern describes. After an ellipsis it is
 * negative and counts from the end. */
int yg_pattern_dimension(const yg_shape_spec *pattern, size_t entry);

#endif
