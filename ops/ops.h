/*
 * The operators that yamlgrad comes with.
 */
#ifndef YG_OPS_OPS_H
#define YG_OPS_OPS_H

#include "../graph/op.h"

#pragma GCC visibility push(default)

/* All operators of ops.def, in its order. Static. */
const yg_op_set *yg_ops(void);

#pragma GCC visibility pop

#endif
