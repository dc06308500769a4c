/*
 * The gradient of a function of straight lines, for the files of such operators.
 */
#ifndef YG_OPS_PIECEWISE_GRADIENT_H
#define YG_OPS_PIECEWISE_GRADIENT_H

#include "build.h"

/* The slope is `below` for x <= low, `middle` between the two, `above` for x >= high, and
 * `undefined` where x is NaN. */
typedef struct yg_piecewise_slopes {
    double low, high, below, middle, above, undefined;
} yg_piecewise_slopes;

/* dy times the slope at x. Where the slope is 0, so is the result, whatever dy is. */
yg_node yg_piecewise_gradient(yg_graph *graph, yg_node dy, yg_node x,
                              const yg_piecewise_slopes *slopes);

#endif
