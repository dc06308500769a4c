/*
 * grad(y, x) in expressions: the gradient of the sum of y with respect to a tensor x.
 */
#ifndef YG_MODELS_LOADER_GRADIENT_H
#define YG_MODELS_LOADER_GRADIENT_H

#include "builder.h"

/* The result of `call`, a call of grad whose arguments are y and x. False on failure. */
bool yg_build_gradient(yg_builder *builder, const yg_expression *call, yg_node y, yg_node x,
                       yg_term *term);
/* Where a gradient is asked with respect to the node `name`, *term becomes a node that the builder
 * does not simplify past. */
bool yg_keep_apart(const yg_builder *builder, const char *name, yg_term *term);
/* Notes the names of all nodes that an expanded model asks gradients for. False when out of memory.
 */
bool yg_find_anchors(yg_flat *flat, const yg_model *model, yg_pool *pool);

#endif
