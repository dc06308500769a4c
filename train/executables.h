/*
 * A set of executables of one network, one for each batch size that is needed, over one set of
 * tensors. The last batch of an epoch may be smaller than the others, and needs a program of its
 * own; so do batches of longer and shorter sequences. Private to train/.
 */
#ifndef YG_TRAIN_EXECUTABLES_H
#define YG_TRAIN_EXECUTABLES_H

#include "executable.h"
#include "totals.h"

/* The caller sets `options`, `store`, `batch_size` and `beside`; the rest is made when first
 * needed. */
typedef struct yg_executables {
    yg_executable_options options;
    yg_tensor_file *store;
    int64_t batch_size;                  /* of most batches, where scores are asked for; or 0 */
    int64_t longest;                     /* steps of the longest sequence; 0: there are none */
    const struct yg_executables *beside; /* a set that never runs at the same time, and so shares
                                            threads and memory with this one; NULL: none */
    bool in_turns; /* it runs in turns with `beside`, within a step: it shares only threads */
    yg_exchange *exchange; /* of processes that score together: see score_shared.h; NULL: none do */
    size_t count;
    yg_executable **executables; /* of sequences, those that were used last: see LIMIT there */
    uint64_t used;               /* counts calls of yg_executables_get() */
    double deadline;             /* by yg_clock(): scoring fails beyond it; 0: there is none */
    bool planned;                /* `plan` has been made */
    yg_score_plan plan;
    yg_heads heads;
} yg_executables;

/* Makes the plan of scores, if that has not been done. False on failure. */
bool yg_executables_plan(yg_executables *executables, yg_error *error);
/* The executable for a batch size, compiled when first asked for. `length` is that of the longest
 * sequence in the batch, 0 where no port takes sequences. Belongs to the set, until the next call
 * with another size; NULL on failure. */
yg_executable *yg_executables_get(yg_executables *executables, int64_t batch, int64_t length,
                                  yg_error *error);
/* Sets the phase of a run (optimizer.h) that yg_executables_get() is for, and frees what was
 * compiled for the one before. The first executable is kept, because the others use its memory. */
void yg_executables_enter(yg_executables *executables, int64_t phase);
void yg_executables_free(yg_executables *executables); /* what it holds, not the struct */

/* Fails where the deadline has passed. */
bool yg_executables_in_time(const yg_executables *executables, yg_error *error);

/* Computes loss and metrics of all examples, in batches, into `scores`, which yg_scores_begin()
 * made. Scores that mix examples are computed in one batch, if memory allows it. False on failure.
 */
bool yg_executables_score(yg_executables *executables, const yg_part *part, int64_t batch_size,
                          yg_scores *scores, yg_error *error);

/* Scores a part again, up to the first batch that is not finite: *found becomes its executable,
 * NULL: there is none. *batch is its number and *begin its first example in the order of the
 * stream, which the caller closes; NULL on failure. */
yg_stream *yg_executables_not_finite(yg_executables *executables, const yg_part *part,
                                     int64_t batch_size, yg_executable **found, int64_t *batch,
                                     int64_t *begin);

#endif
