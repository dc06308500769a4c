/*
 * The results of gelu_with_slope.
 */
#ifndef YG_OPS_GELU_WITH_SLOPE_H
#define YG_OPS_GELU_WITH_SLOPE_H

enum { YG_GELU_VALUE, YG_GELU_SLOPE };

#endif
