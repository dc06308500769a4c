/*
 * What ctc_paths and ctc_posterior share: the operands of a call and the kernel.
 *
 * Operands: the targets [N, S], the lengths of inputs and targets, [N] each, and the
 * log-probabilities [T, N, C]. Targets and lengths are i32 or i64; targets beyond their length do
 * not count.
 */
#ifndef YG_OPS_CTC_PATHS_H
#define YG_OPS_CTC_PATHS_H

#include "../graph/graph.h"

enum { YG_CTC_TARGETS, YG_CTC_INPUT_LENGTHS, YG_CTC_TARGET_LENGTHS, YG_CTC_LOG_PROBS };

/* Fails unless the operands fit together and the attribute `blank`, the only one, is a class. */
bool yg_ctc_check(const yg_infer *call, yg_error *error);

/* yg_op.plan: a unit for each sequence. */
void yg_ctc_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* Computes the losses [N] and the posterior probabilities [T, N, C] of the sequences
 * [call->begin, call->end). Either may be NULL. Fails on a length or a class out of range. */
bool yg_ctc_run(const yg_kernel_call *call, void *losses, void *posterior, yg_error *error);

/* Both by enumerating all C^T paths, for yg_op.reference; -log of 0 is inf. */
double yg_ctc_reference_loss(const yg_reference *reference, int64_t n);
double yg_ctc_reference_posterior(const yg_reference *reference, const int64_t *index);

#define YG_CTC_BLANK_ATTR                                                                          \
    {                                                                                              \
        .name = "blank", .kind = YG_ATTR_INT, .max = (double)INT64_MAX,                            \
        .doc = "the class that stands for no label"                                                \
    }

#endif
