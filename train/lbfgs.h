/*
 * L-BFGS: torch.optim.LBFGS, step by step. Private to train/.
 *
 * A step evaluates the loss at several points, so it is no update in a program: it runs a program
 * of loss and gradients again and again. All numbers here are double, whatever the network's type.
 */
#ifndef YG_TRAIN_LBFGS_H
#define YG_TRAIN_LBFGS_H

#include "optimizer.h"

typedef struct yg_lbfgs_options {
    int64_t max_iter, max_eval, history_size;
    double tolerance_grad, tolerance_change;
    bool strong_wolfe; /* search along the direction; false: go on by lr */
} yg_lbfgs_options;

/* What lasts from step to step. The arrays belong to the caller, who keeps them in a checkpoint.
 * They are zeros before the first step. */
typedef struct yg_lbfgs_state {
    double *direction, *last_gradient;     /* [n] */
    double *gradient_changes, *steps, *ro; /* [history_size][n] twice, and [history_size]: a ring */
    double *scalars;                       /* [YG_LBFGS_SCALARS] */
} yg_lbfgs_state;

#define YG_LBFGS_SCALARS 6

/* Computes loss and gradient at x. False stops the step. */
typedef bool yg_lbfgs_evaluate(void *context, const double *x, double *loss, double *gradient,
                               yg_error *error);

typedef struct yg_lbfgs {
    size_t count; /* of numbers in x */
    yg_lbfgs_options options;
    yg_lbfgs_state state;
    yg_lbfgs_evaluate *evaluate;
    void *context;
    double *work; /* made by yg_lbfgs_begin() */
} yg_lbfgs;

/* Allocates what a step needs. `count`, `options`, `state`, `evaluate` and `context` have been set.
 * Freed by yg_lbfgs_end(). */
bool yg_lbfgs_begin(yg_lbfgs *lbfgs, yg_error *error);
void yg_lbfgs_end(yg_lbfgs *lbfgs);

/* One step from x, which becomes the new point. *loss becomes that at the old one. */
bool yg_lbfgs_step(yg_lbfgs *lbfgs, double lr, double *x, double *loss, yg_error *error);

#endif
