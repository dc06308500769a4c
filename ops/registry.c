/*
 * The set of built-in operators, made from ops.def.
 */
#include "registry.h"

#include "ops.h"

static const yg_op *const operators[] = {
#define YG_OP(name) &yg_op_##name,
#include "ops.def"
#undef YG_OP
};

static const yg_op_set built_in = {
    .ops = operators,
    .count = sizeof operators / sizeof *operators,
    .add = &yg_op_add,
    .broadcast = &yg_op_broadcast,
    .cast = &yg_op_cast,
};

const yg_op_set *yg_ops(void) {
    return &built_in;
}
