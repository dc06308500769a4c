/*
 * The learning rate of a step: see schedule.h.
 */
#include "schedule.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* How many steps yg_schedule_check() looks at; and of each schedule in a list, at least. */
enum { CHECKED = 1000, LEAST_CHECKED = 20 };

/* A schedule of the run's list, with the steps of the run that it gives rates for. */
typedef struct stretch {
    const yg_schedule *schedule;
    int64_t begin, length;
} stretch;

/* How many of `left` steps a schedule lasts. The last one lasts to the end. Others may have more
 * steps than the run has left: then it is cut off, and its formula is that of the whole. */
static int64_t length_of(const yg_rate_plan *plan, const yg_schedule *schedule, int64_t left) {
    if (!schedule->next)
        return left;
    if (schedule->length_steps)
        return schedule->length_steps;
    return schedule->length_epochs > INT64_MAX / plan->epoch_steps
               ? INT64_MAX
               : schedule->length_epochs * plan->epoch_steps;
}

static stretch first_stretch(const yg_rate_plan *plan) {
    return (stretch){plan->schedule, 0, length_of(plan, plan->schedule, plan->steps)};
}

/* The one after it, if the run gets so far. */
static bool next_stretch(const yg_rate_plan *plan, stretch *at) {
    if (!at->schedule->next || at->length >= plan->steps - at->begin)
        return false;
    at->begin += at->length;
    at->schedule = at->schedule->next;
    at->length = length_of(plan, at->schedule, plan->steps - at->begin);
    return true;
}

/* `place` is where in the formula. */
static bool fail_at(const yg_rate_plan *plan, const yg_schedule *s, int64_t step,
                    const yg_rate_inputs *inputs, const char *what, yg_origin place,
                    yg_error *error) {
    return yg_fail(error, YG_ERROR_NUMERIC, s->origin,
                   "schedule '%s' has no learning rate at step %" PRId64 " of %" PRId64
                   ": %s\n  in its formula (%s:%d:%d), where step = %" PRId64 ", steps = %" PRId64
                   ", epoch = %" PRId64,
                   s->name, step + 1, plan->steps, what, place.file, place.line, place.column,
                   inputs->step, inputs->steps, inputs->epoch);
}

bool yg_schedule_rate(const yg_rate_plan *plan, int64_t step, double *rate, yg_error *error) {
    *rate = plan->lr;
    if (!plan->schedule)
        return true;
    stretch at = first_stretch(plan);
    while (step - at.begin >= at.length && next_stretch(plan, &at))
        continue;
    const yg_schedule *s = at.schedule;
    if (step - at.begin < s->warmup_steps) {
        *rate = plan->lr * ((double)(step - at.begin) + 1) / (double)s->warmup_steps;
        return true;
    }
    const int64_t i = step - at.begin - s->warmup_steps;
    const yg_rate_inputs inputs = {.lr = plan->lr,
                                   .step = i,
                                   .steps = at.length - s->warmup_steps,
                                   .epoch = i / plan->epoch_steps};
    yg_error failure = {0};
    char what[80];
    if (!yg_rate_compute(s, &inputs, rate, &failure))
        return fail_at(plan, s, step, &inputs, failure.message,
                       (yg_origin){failure.file, failure.line, failure.column}, error);
    if (isfinite(*rate) && *rate >= 0 && (plan->largest <= 0 || *rate <= plan->largest))
        return true;
    snprintf(what, sizeof what, "found %g, %s", *rate,
             isfinite(*rate) && *rate >= 0 ? "which is too large for f32"
                                           : "a finite number of at least 0 is expected");
    return fail_at(plan, s, step, &inputs, what, s->formula, error);
}

/* Looks at `checked` steps from `first` to `last`. */
static bool check_stretch(const yg_rate_plan *plan, int64_t first, int64_t last, int64_t checked,
                          yg_error *error) {
    double rate;
    for (int64_t i = 0; i < checked && first + i <= last; i++) {
        /* Places from the first to the last. The product stays in range: the quotient is smaller.
         */
        const int64_t between = last - first;
        const int64_t step = between < checked ? first + i
                                               : first + between / (checked - 1) * i +
                                                     between % (checked - 1) * i / (checked - 1);
        if (!yg_schedule_rate(plan, step, &rate, error))
            return false;
    }
    return true;
}

bool yg_schedule_check(const yg_rate_plan *plan, yg_error *error) {
    if (!plan->schedule)
        return true;
    stretch at = first_stretch(plan);
    int64_t schedules = 0;
    for (const yg_schedule *s = plan->schedule; s; s = s->next)
        schedules++;
    const int64_t share = CHECKED / schedules;
    const int64_t checked = share > LEAST_CHECKED ? share : LEAST_CHECKED;
    do {
        const int64_t left = plan->steps - at.begin;
        const int64_t end = at.begin + (at.length < left ? at.length : left);
        const int64_t warmup = at.schedule->warmup_steps;
        if (warmup < end - at.begin &&
            !check_stretch(plan, at.begin + warmup, end - 1, checked, error))
            return false;
    } while (next_stretch(plan, &at));
    return true;
}
