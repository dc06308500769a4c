/*
 * Requirements of layer types on the shapes of their inputs.
 */
#ifndef YG_MODELS_LOADER_REQUIREMENT_H
#define YG_MODELS_LOADER_REQUIREMENT_H

#include "builder.h"

/* Fails unless the tensor has the dimensions of the pattern, or the value is the required one. The
 * error is at `origin`: the layer node, or the formula. */
bool yg_check_requirement(yg_builder *builder, const yg_requirement *required, yg_origin origin);

/* The error for a value that differs. Always returns false. */
bool yg_fail_depends(yg_error *error, const char *what, yg_origin origin);

/* The dimension of the tensor that an entry of the pattern describes. After an ellipsis it is
 * negative and counts from the end. */
int yg_pattern_dimension(const yg_shape_spec *pattern, size_t entry);

#endif
