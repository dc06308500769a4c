/*
 * The rewriting rules of the built-in operators. Each rule has its own file, rule_NAME.c. It says
 * what the rule rewrites, when, and whether rounding changes.
 */
#ifndef YG_OPS_RULES_H
#define YG_OPS_RULES_H

#include "../graph/rewrite.h"

extern const yg_rule yg_rule_remove_anchor;
extern const yg_rule yg_rule_remove_stop_gradient;
extern const yg_rule yg_rule_permutations;
extern const yg_rule yg_rule_pooling_planes;
extern const yg_rule yg_rule_plain_mean;
extern const yg_rule yg_rule_finish_convolution;
extern const yg_rule yg_rule_narrow_sums;
extern const yg_rule yg_rule_sum_terms;
extern const yg_rule yg_rule_sum_of_products;
extern const yg_rule yg_rule_accumulate;
extern const yg_rule yg_rule_fuse_sgd;
extern const yg_rule yg_rule_gelu_slope;
extern const yg_rule yg_rule_root_quotient;
extern const yg_rule yg_rule_multiply_add;
extern const yg_rule yg_rule_root_step;
extern const yg_rule yg_rule_fused_loops;

#endif
