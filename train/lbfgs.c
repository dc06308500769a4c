/*
 * L-BFGS: see lbfgs.h.
 */
#include "lbfgs_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The scalars of the state, with PyTorch's names. HEAD and KEPT say which rows of the ring hold the
 * history: KEPT rows, of which HEAD is the oldest. */
enum { ITERATIONS, T, H_DIAG, HEAD, KEPT };

double yg_largest_size(const double *a, size_t count) {
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        if (!(fabs(a[i]) <= largest))
            largest = fabs(a[i]);
    return largest;
}

static double sum_of_sizes(const double *a, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += fabs(a[i]);
    return sum;
}

static void add_scaled(double *to, double factor, const double *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        to[i] += factor * x[i];
}

bool yg_lbfgs_begin(yg_lbfgs *lbfgs, yg_error *error) {
    const size_t vectors = 6, history = (size_t)lbfgs->options.history_size;
    if (lbfgs->count > (SIZE_MAX / sizeof(double) - history) / (vectors + 1))
        return yg_fail_memory(error);
    lbfgs->work = calloc(lbfgs->count * vectors + history + 1, sizeof *lbfgs->work);
    return lbfgs->work || yg_fail_memory(error);
}

void yg_lbfgs_end(yg_lbfgs *lbfgs) {
    free(lbfgs->work);
    lbfgs->work = NULL;
}

static yg_lbfgs_work layout(const yg_lbfgs *lbfgs) {
    const size_t n = lbfgs->count;
    double *w = lbfgs->work;
    return (yg_lbfgs_work){.gradient = w,
                           .at = w + n,
                           .line = {w + 2 * n, w + 3 * n, w + 4 * n, w + 5 * n},
                           .alpha = w + 6 * n};
}

bool yg_lbfgs_at(yg_lbfgs *lbfgs, yg_lbfgs_work *work, const double *x, yg_line_point *point,
                 yg_error *error) {
    const double *direction = lbfgs->state.direction;
    for (size_t i = 0; i < lbfgs->count; i++)
        work->at[i] = x[i] + point->t * direction[i];
    if (!lbfgs->evaluate(lbfgs->context, work->at, &point->loss, point->gradient, error))
        return false;
    point->slope = yg_dot(point->gradient, direction, lbfgs->count);
    return true;
}

/* The row of the ring for the i-th oldest entry. */
static size_t row(const yg_lbfgs *lbfgs, size_t i) {
    return ((size_t)lbfgs->state.scalars[HEAD] + i) % (size_t)lbfgs->options.history_size;
}

/* Adds the last step and what it changed in the gradient, unless the curvature is too small. */
static void remember(yg_lbfgs *lbfgs, const double *gradient) {
    const yg_lbfgs_state *s = &lbfgs->state;
    const size_t n = lbfgs->count, size = (size_t)lbfgs->options.history_size;
    double ys, yy;
    yg_curvature(gradient, s->last_gradient, s->direction, n, &ys, &yy);
    ys *= s->scalars[T];
    if (!(ys > 1e-10))
        return;
    if ((size_t)s->scalars[KEPT] == size) {
        s->scalars[HEAD] = (double)(((size_t)s->scalars[HEAD] + 1) % size);
        s->scalars[KEPT]--;
    }
    const size_t r = row(lbfgs, (size_t)s->scalars[KEPT]);
    for (size_t i = 0; i < n; i++) {
        s->gradient_changes[r * n + i] = gradient[i] - s->last_gradient[i];
        s->steps[r * n + i] = s->direction[i] * s->scalars[T];
    }
    s->ro[r] = 1 / ys;
    s->scalars[KEPT]++;
    s->scalars[H_DIAG] = ys / yy;
}

/* The direction becomes minus the inverse Hessian, as far as the history knows it, times the
 * gradient. */
static void find_direction(yg_lbfgs *lbfgs, const double *gradient, double *alpha) {
    const yg_lbfgs_state *s = &lbfgs->state;
    const size_t n = lbfgs->count, kept = (size_t)s->scalars[KEPT];
    double *d = s->direction, product = 0; /* of d and the next step or change */
    for (size_t i = 0; i < n; i++)
        d[i] = -gradient[i];
    if (kept > 0)
        product = yg_dot(s->steps + row(lbfgs, kept - 1) * n, d, n);
    for (size_t i = kept; i-- > 0;) {
        const double *change = s->gradient_changes + row(lbfgs, i) * n;
        /* After the oldest its change comes first again, times H_DIAG. */
        const double *next = i > 0 ? s->steps + row(lbfgs, i - 1) * n : change;
        alpha[i] = product * s->ro[row(lbfgs, i)];
        product = yg_add_and_dot(d, -alpha[i], change, next, n);
    }
    for (size_t i = 0; i < n; i++)
        d[i] *= s->scalars[H_DIAG];
    product *= s->scalars[H_DIAG];
    for (size_t i = 0; i < kept; i++) {
        const size_t r = row(lbfgs, i), later = row(lbfgs, i + 1 < kept ? i + 1 : i);
        const double beta = product * s->ro[r];
        product = yg_add_and_dot(d, alpha[i] - beta, s->steps + r * n,
                                 s->gradient_changes + later * n, n);
    }
}

/* Moves x along the direction; found->t is the first step to try, and what is taken. */
static bool move(yg_lbfgs *lbfgs, yg_lbfgs_work *work, double *x, yg_line_point *found,
                 int64_t evaluations, bool last, int64_t *added, yg_error *error) {
    const yg_line_point start = {0, found->loss, found->slope, work->gradient};
    *added = 0;
    if (lbfgs->options.strong_wolfe) {
        if (!yg_lbfgs_search(lbfgs, work, x, &start, lbfgs->options.max_eval - evaluations, found,
                             added, error))
            return false;
    } else if (!last) {
        *added = 1;
        if (!yg_lbfgs_at(lbfgs, work, x, found, error))
            return false;
    }
    add_scaled(x, found->t, lbfgs->state.direction, lbfgs->count);
    return true;
}

/* Whether a move of that length, or a loss that has changed so little, ends the step. */
static bool is_over(const yg_lbfgs *lbfgs, const yg_line_point *found, double loss_before) {
    const yg_lbfgs_options *o = &lbfgs->options;
    const size_t n = lbfgs->count;
    return yg_largest_size(found->gradient, n) <= o->tolerance_grad ||
           yg_largest_size(lbfgs->state.direction, n) * fabs(found->t) <= o->tolerance_change ||
           fabs(found->loss - loss_before) < o->tolerance_change;
}

bool yg_lbfgs_step(yg_lbfgs *lbfgs, double lr, double *x, double *loss, yg_error *error) {
    const yg_lbfgs_options *o = &lbfgs->options;
    const yg_lbfgs_state *s = &lbfgs->state;
    const size_t n = lbfgs->count;
    yg_lbfgs_work work = layout(lbfgs);
    yg_line_point point = {.gradient = work.gradient};
    if (!lbfgs->evaluate(lbfgs->context, x, &point.loss, point.gradient, error))
        return false;
    *loss = point.loss;
    if (yg_largest_size(point.gradient, n) <= o->tolerance_grad)
        return true;
    int64_t evaluations = 1, added;
    for (int64_t i = 1; i <= o->max_iter; i++) {
        const double before = point.loss;
        const bool first = ++s->scalars[ITERATIONS] <= 1;
        if (first)
            s->scalars[H_DIAG] = 1;
        else
            remember(lbfgs, point.gradient);
        find_direction(lbfgs, point.gradient, work.alpha);
        memcpy(s->last_gradient, point.gradient, n * sizeof *s->last_gradient);
        point.t = first ? fmin(1, 1 / sum_of_sizes(point.gradient, n)) * lr : lr;
        point.slope = yg_dot(point.gradient, s->direction, n);
        s->scalars[T] = point.t;
        if (point.slope > -o->tolerance_change)
            break;
        if (!move(lbfgs, &work, x, &point, evaluations, i == o->max_iter, &added, error))
            return false;
        s->scalars[T] = point.t;
        evaluations += added;
        if (i == o->max_iter || evaluations >= o->max_eval || is_over(lbfgs, &point, before))
            break;
    }
    return true;
}
