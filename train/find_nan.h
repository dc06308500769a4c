/*
 * The node at which the values of an executable stop being finite. Private to train/.
 */
#ifndef YG_TRAIN_FIND_NAN_H
#define YG_TRAIN_FIND_NAN_H

#include "executable.h"

typedef struct yg_nan_source {
    yg_node node;  /* YG_NONE: all that was asked for is finite */
    bool nan;      /* not a number; otherwise infinite */
    bool gradient; /* not in the loss itself, but in the gradients or the updates */
} yg_nan_source;

/* Repeats the executable's last run, without its updates: inputs and parameters are to hold what
 * they did before it. Looks at what makes the loss not finite or, where that is finite, a
 * parameter's update: the first node, by number, that is not finite while its operands are (or no
 * number, while they are numbers), and that the failure comes from along values that are not
 * finite. So a mask of infinities that a softmax takes in is none. All values are computed again,
 * some at a time. */
bool yg_find_nan(const yg_executable *executable, uint64_t seed, uint64_t step,
                 yg_nan_source *source, yg_error *error);

#endif
