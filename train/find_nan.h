/*
 * Finding the operator that first produced an infinity or a NaN, for the message that ends a run.
 * Private to train/.
 */
#ifndef YG_TRAIN_FIND_NAN_H
#define YG_TRAIN_FIND_NAN_H

#include "executable.h"

typedef struct yg_nan_source {
    yg_node node;  /* YG_NONE: the loss and all updates are finite */
    bool nan;      /* true: the node's value has a NaN; false: an infinity */
    bool gradient; /* the loss is finite; the failure is in a gradient or an update */
} yg_nan_source;

/* Computes every value of the executable's last step again, a group of nodes at a time, and updates
 * nothing. The inputs and parameters must hold what they held before that step; `seed` and `step`
 * are those of that step.
 *
 * The search starts at the loss or, if that is finite, at the updates. It goes back along values
 * that are not finite. The answer is the first node on these paths (the lowest number) that is
 * worse than all of its operands: infinite while they are finite, or NaN while they are not NaN.
 * So a mask of infinities that a softmax turns into zeros is not blamed, since no path leads to it.
 * False on failure. */
bool yg_find_nan(const yg_executable *executable, uint64_t seed, uint64_t step,
                 yg_nan_source *source, yg_error *error);

#endif
