/*
 * The learning rate of a step: see schedule.h.
 */
#include "schedule.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* How many steps yg_schedule_check() looks at. */
enum { CHECKED = 1000 };

/* `place` is where in the formula. */
static bool fail_at(const yg_rate_plan *plan, int64_t step, const char *what, yg_origin place,
                    yg_error *error) {
    const yg_schedule *s = plan->schedule;
    return yg_fail(error, YG_ERROR_NUMERIC, s->origin,
                   "schedule '%s' has no learning rate at step %" PRId64 " of %" PRId64
                   ": %s\n  in its formula (%s:%d:%d), where step = %" PRId64 ", steps = %" PRId64
                   ", epoch = %" PRId64,
                   s->name, step + 1, plan->steps, what, place.file, place.line, place.column,
                   step - s->warmup_steps, plan->steps - s->warmup_steps,
                   (step - s->warmup_steps) / plan->epoch_steps);
}

bool yg_schedule_rate(const yg_rate_plan *plan, int64_t step, double *rate, yg_error *error) {
    const yg_schedule *s = plan->schedule;
    *rate = plan->lr;
    if (!s)
        return true;
    if (step < s->warmup_steps) {
        *rate = plan->lr * ((double)step + 1) / (double)s->warmup_steps;
        return true;
    }
    const int64_t i = step - s->warmup_steps;
    const yg_rate_inputs inputs = {.lr = plan->lr,
                                   .step = i,
                                   .steps = plan->steps - s->warmup_steps,
                                   .epoch = i / plan->epoch_steps};
    yg_error failure = {0};
    char what[80];
    if (!yg_rate_compute(s, &inputs, rate, &failure))
        return fail_at(plan, step, failure.message,
                       (yg_origin){failure.file, failure.line, failure.column}, error);
    if (isfinite(*rate) && *rate >= 0 && (plan->largest <= 0 || *rate <= plan->largest))
        return true;
    snprintf(what, sizeof what, "found %g, %s", *rate,
             isfinite(*rate) && *rate >= 0 ? "which is too large for f32"
                                           : "a finite number of at least 0 is expected");
    return fail_at(plan, step, what, s->formula, error);
}

bool yg_schedule_check(const yg_rate_plan *plan, yg_error *error) {
    const int64_t first = plan->schedule ? plan->schedule->warmup_steps : plan->steps;
    const int64_t last = plan->steps - 1;
    double rate;
    for (int64_t i = 0; i < CHECKED && first + i <= last; i++) {
        /* Places from the first to the last. The product stays in range: the quotient is smaller.
         */
        const int64_t between = last - first;
        const int64_t step = between < CHECKED ? first + i
                                               : first + between / (CHECKED - 1) * i +
                                                     between % (CHECKED - 1) * i / (CHECKED - 1);
        if (!yg_schedule_rate(plan, step, &rate, error))
            return false;
    }
    return true;
}
