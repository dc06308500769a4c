/*
 * The function that elu, selu and celu are cases of.
 */
#ifndef YG_OPS_SCALED_ELU_H
#define YG_OPS_SCALED_ELU_H

#include "build.h"

/* Attributes of scaled_elu and scaled_elu_gradient. */
enum { YG_ELU_ALPHA, YG_ELU_SCALE, YG_ELU_STRETCH, YG_ELU_ATTRS };

extern const yg_attr_spec yg_scaled_elu_attrs[YG_ELU_ATTRS];

/* scale · (x if x > 0, else alpha · (exp(stretch · x) - 1)) */
yg_node yg_scaled_elu(yg_graph *graph, yg_node x, double alpha, double scale, double stretch);

#endif
