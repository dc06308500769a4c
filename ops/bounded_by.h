/*
 * The operands of bounded_by and what its gradient is taken of.
 */
#ifndef YG_OPS_BOUNDED_BY_H
#define YG_OPS_BOUNDED_BY_H

#include "build.h"

enum { YG_BOUNDED_X, YG_BOUNDED_LOW, YG_BOUNDED_HIGH, YG_BOUNDED_OPERANDS };

#endif
