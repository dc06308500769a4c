/*
 * An operator with effects, for tests of the compiler: y = x. Nobody sees its effect.
 */
#ifndef YG_TESTS_TELL_H
#define YG_TESTS_TELL_H

#include "graph/op.h"

extern const yg_op tell_op;

#endif
