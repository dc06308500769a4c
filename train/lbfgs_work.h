/*
 * What lbfgs.c and lbfgs_search.c share. Private to them.
 */
#ifndef YG_TRAIN_LBFGS_WORK_H
#define YG_TRAIN_LBFGS_WORK_H

#include "lbfgs.h"

/* A point on the line x + t · direction: t, the loss, its slope along the line, and the gradient.
 */
typedef struct yg_line_point {
    double t, loss, slope;
    double *gradient; /* [count] */
} yg_line_point;

/* The vectors of the working memory. */
typedef struct yg_lbfgs_work {
    double *gradient, *at, *alpha; /* at: the point to evaluate; alpha: [history_size] */
    double *line[4];               /* gradients of the points of a search */
} yg_lbfgs_work;

/* a · b */
double yg_dot(const double *a, const double *b, size_t count);

/* to += factor · x; returns the new `to` · b. One pass, so that `to` is read once. */
double yg_add_and_dot(double *to, double factor, const double *x, const double *b, size_t count);

/* With y = gradient - last: *ys = y · step and *yy = y · y. */
void yg_curvature(const double *gradient, const double *last, const double *step, size_t count,
                  double *ys, double *yy);

double yg_largest_size(const double *a, size_t count);

/* Evaluates x + t · direction. */
bool yg_lbfgs_at(yg_lbfgs *lbfgs, yg_lbfgs_work *work, const double *x, yg_line_point *point,
                 yg_error *error);

/* Searches for a point with the strong Wolfe conditions. `start` is x itself, and *found begins
 * with the t to try first; its gradient is a copy. *evaluations becomes the number of points. At
 * most `most` are searched after the first. */
bool yg_lbfgs_search(yg_lbfgs *lbfgs, yg_lbfgs_work *work, const double *x,
                     const yg_line_point *start, int64_t most, yg_line_point *found,
                     int64_t *evaluations, yg_error *error);

#endif
