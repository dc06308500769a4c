/*
 * The line search of L-BFGS: a bracket around a minimum along the direction, which is made smaller
 * until a point in it has the strong Wolfe conditions. The order of all decisions is PyTorch's, so
 * that the points are the same.
 */
#include "lbfgs_work.h"

#include <math.h>
#include <string.h>

static const double C1 = 1e-4, C2 = 0.9;

/* As Python's min and max: the first one where one of them is NaN. */
static double least(double a, double b) {
    return b < a ? b : a;
}

static double most_of(double a, double b) {
    return b > a ? b : a;
}

/* The minimum of the cubic through two points and their slopes, within bounds. */
static double interpolate(const yg_line_point *a, const yg_line_point *b, double low, double high) {
    const yg_line_point *left = a->t <= b->t ? a : b, *right = a->t <= b->t ? b : a;
    const double d1 = a->slope + b->slope - 3 * (a->loss - b->loss) / (a->t - b->t);
    const double square = d1 * d1 - a->slope * b->slope;
    if (!(square >= 0))
        return (low + high) / 2;
    const double d2 = sqrt(square);
    const double part = (right->slope + d2 - d1) / (right->slope - left->slope + 2 * d2);
    return least(most_of(right->t - (right->t - left->t) * part, low), high);
}

/* A search: the points keep their own vectors, which are swapped with the numbers. */
typedef struct search {
    yg_lbfgs *lbfgs;
    yg_lbfgs_work *work;
    const double *x;
    const yg_line_point *start;
    yg_line_point now, previous, ends[2]; /* ends: of the bracket */
    int64_t iteration, most, evaluations;
    bool done;
    yg_error *error;
} search;

static bool evaluate(search *s, double t) {
    s->now.t = t;
    s->evaluations++;
    return yg_lbfgs_at(s->lbfgs, s->work, s->x, &s->now, s->error);
}

static void copy_point(const search *s, yg_line_point *to, const yg_line_point *from) {
    double *own = to->gradient;
    *to = *from;
    to->gradient = own;
    memcpy(own, from->gradient, s->lbfgs->count * sizeof *own);
}

static void set_bracket(search *s, const yg_line_point *a, const yg_line_point *b) {
    copy_point(s, &s->ends[0], a);
    copy_point(s, &s->ends[1], b);
}

static bool too_high(const search *s) {
    return s->now.loss > s->start->loss + C1 * s->now.t * s->start->slope;
}

static bool is_flat(const search *s) {
    return fabs(s->now.slope) <= -C2 * s->start->slope;
}

/* Goes on until a minimum lies between two points. */
static bool find_bracket(search *s) {
    copy_point(s, &s->previous, s->start);
    while (s->iteration < s->most) {
        if (too_high(s) || (s->iteration > 1 && s->now.loss >= s->previous.loss)) {
            set_bracket(s, &s->previous, &s->now);
            return true;
        }
        if (is_flat(s)) {
            set_bracket(s, &s->now, &s->now);
            s->done = true;
            return true;
        }
        if (s->now.slope >= 0) {
            set_bracket(s, &s->previous, &s->now);
            return true;
        }
        const double t = s->now.t;
        const double next =
            interpolate(&s->previous, &s->now, t + 0.01 * (t - s->previous.t), t * 10);
        copy_point(s, &s->previous, &s->now);
        if (!evaluate(s, next))
            return false;
        s->iteration++;
    }
    set_bracket(s, s->start, &s->now);
    return true;
}

/* The next t: the interpolated one, or a tenth inside where that is too near to an end again. */
static double choose(const search *s, bool *slow) {
    const double a = s->ends[0].t, b = s->ends[1].t;
    const double low = least(a, b), high = most_of(a, b), margin = 0.1 * (high - low);
    const double t = interpolate(&s->ends[0], &s->ends[1], low, high);
    if (!(least(high - t, t - low) < margin)) {
        *slow = false;
        return t;
    }
    if (!*slow && t < high && t > low) {
        *slow = true;
        return t;
    }
    *slow = false;
    return fabs(t - high) < fabs(t - low) ? high - margin : low + margin;
}

static bool make_smaller(search *s, int *low) {
    const double size = yg_largest_size(s->lbfgs->state.direction, s->lbfgs->count);
    bool slow = false;
    *low = s->ends[0].loss <= s->ends[1].loss ? 0 : 1;
    while (!s->done && s->iteration < s->most) {
        if (fabs(s->ends[1].t - s->ends[0].t) * size < s->lbfgs->options.tolerance_change)
            break;
        if (!evaluate(s, choose(s, &slow)))
            return false;
        s->iteration++;
        if (too_high(s) || s->now.loss >= s->ends[*low].loss) {
            copy_point(s, &s->ends[1 - *low], &s->now);
            *low = s->ends[0].loss <= s->ends[1].loss ? 0 : 1;
            continue;
        }
        if (is_flat(s))
            s->done = true;
        else if (s->now.slope * (s->ends[1 - *low].t - s->ends[*low].t) >= 0)
            copy_point(s, &s->ends[1 - *low], &s->ends[*low]);
        copy_point(s, &s->ends[*low], &s->now);
    }
    return true;
}

bool yg_lbfgs_search(yg_lbfgs *lbfgs, yg_lbfgs_work *work, const double *x,
                     const yg_line_point *start, int64_t most, yg_line_point *found,
                     int64_t *evaluations, yg_error *error) {
    search s = {.lbfgs = lbfgs,
                .work = work,
                .x = x,
                .start = start,
                .now.gradient = work->line[0],
                .previous.gradient = work->line[1],
                .ends = {{.gradient = work->line[2]}, {.gradient = work->line[3]}},
                .most = most,
                .error = error};
    int low = 0;
    if (!evaluate(&s, found->t) || !find_bracket(&s) || !make_smaller(&s, &low))
        return false;
    *evaluations = s.evaluations;
    copy_point(&s, found, &s.ends[low]);
    return true;
}
