/*
 * Scores of many examples, computed by several processes. Private to train/.
 *
 * The processes take turns with the batches. What each batch adds is sent to all of them, and each
 * adds it in the order of the batches. So all have the same scores, those of one process.
 */
#ifndef YG_TRAIN_SCORE_SHARED_H
#define YG_TRAIN_SCORE_SHARED_H

#include "executables.h"

/* Adds all examples of the stream, from its first one on, to empty totals. `memory`: as
 * yg_totals_begin(). */
bool yg_score_shared(yg_executables *executables, yg_stream *stream, int64_t batch_size,
                     int64_t memory, yg_totals *totals, yg_error *error);

#endif
