/*
 * The set of built-in operators, made from ops.def, and their rewriting rules.
 */
#include "registry.h"

#include "ops.h"
#include "rules.h"

static const yg_op *const operators[] = {
#define YG_OP(name) &yg_op_##name,
#include "ops.def"
#undef YG_OP
};

static const yg_rule *const rules[] = {
    &yg_rule_remove_anchor,      &yg_rule_remove_stop_gradient,
    &yg_rule_permutations, /* before those that need neighbours */
    &yg_rule_pooling_planes,     &yg_rule_plain_mean,
    &yg_rule_finish_convolution, &yg_rule_narrow_sums,
    &yg_rule_sum_of_products,    &yg_rule_accumulate,
    &yg_rule_fuse_sgd,           &yg_rule_gelu_slope, /* before the next: it makes products */
    &yg_rule_root_quotient,      &yg_rule_multiply_add,
    &yg_rule_root_step,          &yg_rule_sum_terms,
    &yg_rule_fused_loops,
};

static const yg_op_set built_in = {
    .ops = operators,
    .count = sizeof operators / sizeof *operators,
    .add = &yg_op_add,
    .broadcast = &yg_op_broadcast,
    .cast = &yg_op_cast,
    .slice = &yg_op_slice,
    .concat = &yg_op_concat,
    .reshape = &yg_op_reshape,
    .rules = rules,
    .rule_count = sizeof rules / sizeof *rules,
};

const yg_op_set *yg_ops(void) {
    return &built_in;
}
