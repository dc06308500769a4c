/*
 * The rewriting rules that the built-in operators come with, one a file (rule_*.c).
 */
#ifndef YG_OPS_RULES_H
#define YG_OPS_RULES_H

#include "../graph/rewrite.h"

extern const yg_rule yg_rule_sum_of_products;
extern const yg_rule yg_rule_accumulate;
extern const yg_rule yg_rule_fuse_sgd;
extern const yg_rule yg_rule_multiply_add;

#endif
