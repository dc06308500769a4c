/*
 * Checks everything about an operator that follows from its descriptor. So a new operator is tested
 * without any test being written for it.
 */
#ifndef YG_TESTS_OPERATOR_CHECK_H
#define YG_TESTS_OPERATOR_CHECK_H

#include "graph/graph.h"
#include "why.h"

#define OPERATOR_CHECK_SEED 1 /* of the operands */

/* Counts of what was compared, so that a test notices a check that compared nothing. */
typedef struct operator_counts {
    size_t values;         /* elements compared with the reference */
    size_t narrow;         /* elements compared between f32 and f64 */
    size_t gradients;      /* results whose derivatives were compared with differences, not empty */
    size_t defined;        /* elements compared with the definition … */
    size_t defined_slopes; /* … and elements of derivatives */
    size_t plans;          /* elements compared between plans */
    size_t shared;         /* programs that three threads shared … */
    size_t chunked;        /* … and row loops that ran in several chunks */
    bool has_units, has_rows; /* some sample's plan has several of them */
} operator_counts;

/* Checks the descriptor alone: names, schema, samples, and what a kernel or a derivative needs.
 * False with the reason in `why` (WHY_SIZE bytes), as for all functions here. */
bool operator_check_descriptor(const yg_op *op, char *why);

/* Checks that wrong numbers of operands are refused with a message. */
bool operator_check_arity(const yg_op_set *ops, const yg_op *op, char *why);

/* One sample: result's type, values in f64 against the reference, f32 against f64, first and
 * second derivatives, the definition if there is one, and the same bits whatever the plan and the
 * threads, the same numbers without simplification. Adds to *counts. */
bool operator_check_sample(const yg_op_set *ops, const yg_op *op, const yg_sample *sample,
                           operator_counts *counts, char *why);

/* All of the above. Also fails if a kind of comparison that fits the operator was never made. */
bool operator_check(const yg_op_set *ops, const yg_op *op, operator_counts *counts, char *why);

#endif
