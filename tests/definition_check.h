/*
 * A primitive against its definition: values, and derivatives of first and second order.
 */
#ifndef YG_TESTS_DEFINITION_CHECK_H
#define YG_TESTS_DEFINITION_CHECK_H

#include "sample.h"

/* Computes a call in f64 by its kernel and by its definition, and compares each result and its
 * derivatives element by element. Adds the elements that were compared to *values and *slopes. The
 * call's operator has a definition. False with the reason in `why` (WHY_SIZE bytes) if they differ.
 */
bool definition_check(const yg_op_set *ops, const sample_call *call, uint64_t seed, size_t *values,
                      size_t *slopes, char *why);

#endif
