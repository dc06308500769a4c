/*
 * Products that need not be computed in the body of a scan.
 */
#ifndef YG_MODELS_LOADER_LIFT_H
#define YG_MODELS_LOADER_LIFT_H

#include "builder.h"

/* If `node`, of a scan's body, is the product of a slice and a tensor from around the body,
 * computes the products of all steps at once around the body, and gives the slice of them.
 * Otherwise it gives `node`. YG_NONE on failure. */
yg_node yg_lift_product(yg_builder *builder, yg_node node);

#endif
