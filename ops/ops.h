/*
 * The operators that yamlgrad comes with.
 */
#ifndef YG_OPS_OPS_H
#define YG_OPS_OPS_H

#include "../graph/op.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* All operators of ops.def, in its order. Static. */
const yg_op_set *yg_ops(void);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
