/*
 * Heads: programs that compute scores from the totals of their parts. Private to train/.
 */
#ifndef YG_TRAIN_SCORE_HEAD_H
#define YG_TRAIN_SCORE_HEAD_H

#include "totals.h"

/* Computes all scores of a way, YG_SCORE_PARTS or YG_SCORE_ROWS, whose parts were in all batches. A
 * score that cannot be computed, because there is no memory for a head over so many rows, stays as
 * it is. False on failure. */
bool yg_head_compute(const yg_executable_options *options, const yg_score_plan *plan,
                     const yg_totals *totals, yg_score_way way, yg_heads *heads, yg_scores *scores,
                     yg_error *error);

#endif
