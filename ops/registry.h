/*
 * Declares the descriptor yg_op_NAME of every built-in operator, for code that asks whether a node
 * is of a certain operator: `yg_node_op(graph, x) == &yg_op_sigmoid`. Not installed, and not for
 * graph/, which knows no operator by name.
 */
#ifndef YG_OPS_REGISTRY_H
#define YG_OPS_REGISTRY_H

#include "../graph/op.h"

#define YG_OP(name) extern const yg_op yg_op_##name;
#include "ops.def"
#undef YG_OP

#endif
