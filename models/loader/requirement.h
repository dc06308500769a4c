/*
 * What layer types ask of the shapes of their inputs.
 */
#ifndef YG_MODELS_LOADER_REQUIREMENT_H
#define YG_MODELS_LOADER_REQUIREMENT_H

#include "builder.h"

/* That the tensor has the dimensions that the pattern says; the mistake is the node's, at `origin`.
 */
bool yg_check_requirement(yg_builder *builder, const yg_requirement *required, yg_origin origin);

/* Which dimension of a tensor an entry of the pattern is of: from the front, or from the back,
 * negative, behind an ellipsis. */
int yg_pattern_dimension(const yg_shape_spec *pattern, size_t entry);

#endif
