/*
 * Runs one operator's sample under different plans and compares the results bit by bit: with and
 * without a plan, on one thread and on three, whole and in the smallest pieces, alone and between
 * elementwise operators. A kernel that reads outside its piece, or rounds in another way in a
 * smaller piece, gives other bits.
 */
#ifndef YG_TESTS_PLAN_CHECK_H
#define YG_TESTS_PLAN_CHECK_H

#include "operator_check.h"

/* Checks a sample and its gradients; its float operands have the type `real`, YG_F32 or YG_F64.
 * Adds to *counts what was compared. False if a result differs, with the reason in `why`
 * (WHY_SIZE bytes). */
bool plan_check(const yg_op_set *ops, const yg_op *op, const yg_sample *sample, yg_dtype real,
                operator_counts *counts, char *why);

#endif
