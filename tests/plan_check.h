/*
 * One operator's samples under every plan: planned and not, by one thread and three, whole and in
 * the smallest pieces, alone and between elementwise operators. Not a bit may differ.
 */
#ifndef YG_TESTS_PLAN_CHECK_H
#define YG_TESTS_PLAN_CHECK_H

#include "operator_check.h"

/* The sample and its gradients in `real`, f32 or f64. Adds to *counts. False with the reason in
 * `why` (OPERATOR_CHECK_TEXT bytes). */
bool plan_check(const yg_op_set *ops, const yg_op *op, const yg_sample *sample, yg_dtype real,
                operator_counts *counts, char *why);

#endif
