/*
 * Elements whose gradient has to be looked at a second time, because their place may be a kink of
 * the loss. Private to the gradient check.
 */
#ifndef YG_TRAIN_SUSPECTS_H
#define YG_TRAIN_SUSPECTS_H

#include "difference.h"

typedef struct yg_suspect {
    size_t parameter; /* its number among the gradients of the executable */
    int64_t index;    /* the element, row-major */
    double gradient;  /* at the parameters as they are */
    yg_comparison here;
    bool kink; /* the place is a kink, and `gradient` is possible there */
    /* At a point nearby that is no kink, the gradient disagrees: */
    bool wrong;
    double nearby, difference; /* if `wrong`: the gradient and the difference at that point */
} yg_suspect;

typedef struct yg_suspects {
    size_t count, capacity;
    yg_suspect *list;
} yg_suspects;

bool yg_suspects_add(yg_suspects *suspects, const yg_suspect *suspect, yg_error *error);
void yg_suspects_free(yg_suspects *suspects); /* what it holds, not the struct */

/* Looks at all of them again: at points nearby, and for kinks. `gradients` is bound to `store` and
 * computes the gradients, `probe` the loss. The store's parameters are put back. */
bool yg_suspects_examine(yg_suspects *suspects, const yg_probe *probe, yg_executable *gradients,
                         const yg_tensor_file *store, yg_error *error);

#endif
