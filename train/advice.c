/*
 * Settings that can never happen: see advice.h.
 */
#include "advice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct adviser {
    const yg_settings *settings;
    const yg_rate_plan *plan;
    int64_t epochs, steps; /* of the run; one that `steps` cuts off counts as an epoch */
    yg_text *out;
} adviser;

/* Begins a line with the place of a value. */
static void begin(const adviser *a, const yg_value *value) {
    const yg_origin at = value->origin;
    if (at.line > 0)
        yg_text_add(a->out, "%s:%d:%d: ", at.file, at.line, at.column);
}

/* The whole number of a key; 0: there is none. */
static int64_t number_of(const yg_value *mapping, const char *key) {
    const yg_value *value =
        mapping && mapping->kind == YG_MAPPING ? yg_value_get(mapping, key) : NULL;
    int64_t number = 0;
    return value && yg_value_int(value, key, 0, INT64_MAX, &number, NULL) ? number : 0;
}

/* Tells of a number that is not below `end`, the run's or the schedule's number of steps or epochs.
 */
static void beyond(const adviser *a, const yg_value *mapping, const char *key, int64_t end,
                   const char *unit, const char *so) {
    const int64_t number = number_of(mapping, key);
    if (number < end || number == 0)
        return;
    begin(a, yg_value_get(mapping, key));
    yg_text_add(a->out, "`%s: %" PRId64 "` of %" PRId64 " %s%s: %s\n", key, number, end, unit,
                end == 1 ? "" : "s", so);
}

/* The steps of a schedule in a list; 0: the rest. */
static int64_t length_of(const adviser *a, const yg_value *schedule) {
    const int64_t steps = number_of(schedule, "steps"), epochs = number_of(schedule, "epochs");
    return steps                                       ? steps
           : epochs > INT64_MAX / a->plan->epoch_steps ? INT64_MAX
                                                       : epochs * a->plan->epoch_steps;
}

/* Milestones of a schedule that lasts so many epochs. */
static void advise_milestones(const adviser *a, const yg_value *list, int64_t epochs) {
    for (size_t i = 0; list && list->kind == YG_SEQUENCE && i < list->count; i++) {
        int64_t number;
        if (!yg_value_int(list->items[i], "a milestone", 0, INT64_MAX, &number, NULL) ||
            number < epochs)
            continue;
        begin(a, list->items[i]);
        yg_text_add(a->out,
                    "the milestone %" PRId64 " is never reached: the schedule has %" PRId64
                    " epochs, counted from 0\n",
                    number, epochs);
    }
}

/* A schedule that lasts so many steps of the run. */
static void advise_schedule(const adviser *a, const yg_value *schedule, int64_t steps) {
    const int64_t each = a->plan->epoch_steps, epochs = steps / each + (steps % each != 0);
    if (schedule->kind != YG_MAPPING)
        return;
    beyond(a, schedule, "warmup_steps", steps, "step", "the warm-up does not end");
    beyond(a, schedule, "period", steps, "step", "the first wave does not end");
    beyond(a, schedule, "step_size", epochs, "epoch", "the rate never changes");
    advise_milestones(a, yg_value_get(schedule, "milestones"), epochs);
}

/* Schedules one after the other, each with its steps of the run. */
static void advise_list(const adviser *a, const yg_value *list) {
    int64_t begun = 0;
    for (size_t i = 0; i < list->count; i++) {
        const yg_value *schedule = list->items[i];
        const int64_t left = a->steps - begun, length = length_of(a, schedule);
        if (left <= 0) {
            begin(a, schedule);
            yg_text_add(a->out,
                        "this schedule is never reached: those before it take %" PRId64
                        " steps, and the run has %" PRId64 "\n",
                        begun, a->steps);
            return;
        }
        const int64_t own = length && length < left && i + 1 < list->count ? length : left;
        advise_schedule(a, schedule, own);
        begun = length > INT64_MAX - begun ? INT64_MAX : begun + length;
    }
}

/* Whether any step of the run changes a weight. A long run is looked at in a thousand places. */
static bool has_rate(const adviser *a) {
    const int64_t stride = a->steps / 1000 + 1;
    for (int64_t step = 0; step < a->steps; step += stride) {
        double rate;
        if (!yg_schedule_rate(a->plan, step, &rate, NULL) || rate > 0)
            return true;
    }
    return false;
}

static void advise_groups(const adviser *a) {
    const yg_value *groups = a->settings->optimizer.groups;
    for (size_t i = 0; groups && i < groups->count; i++)
        beyond(a, groups->items[i], "frozen_until", a->epochs, "epoch",
               "these parameters are never trained");
}

/* Batches of an epoch: `accumulate` has been lowered to them. */
static void advise_accumulate(const adviser *a, const yg_value *train) {
    const int64_t asked = number_of(train, "accumulate");
    if (asked <= a->settings->accumulate)
        return;
    begin(a, yg_value_get(train, "accumulate"));
    yg_text_add(a->out,
                "`accumulate: %" PRId64 "`, but an epoch has %" PRId64
                " %s: a step takes %s, and is an epoch\n",
                asked, a->settings->accumulate, a->settings->accumulate == 1 ? "batch" : "batches",
                a->settings->accumulate == 1 ? "it" : "these");
}

void yg_settings_advice(const yg_model *model, const yg_settings *settings,
                        const yg_rate_plan *plan, yg_text *out) {
    const yg_value *train = yg_model_section(model, "train");
    const yg_value *schedule = train ? yg_value_get(train, "schedule") : NULL;
    const adviser a = {.settings = settings,
                       .plan = plan,
                       .epochs =
                           plan->steps / plan->epoch_steps + (plan->steps % plan->epoch_steps != 0),
                       .steps = plan->steps,
                       .out = out};
    if (!train || train->kind != YG_MAPPING)
        return;
    advise_groups(&a);
    if (schedule && schedule->kind == YG_SEQUENCE)
        advise_list(&a, schedule);
    else if (schedule)
        advise_schedule(&a, schedule, a.steps);
    beyond(&a, yg_value_get(train, "early_stopping"), "patience", a.epochs, "epoch",
           "it never ends the run");
    beyond(&a, yg_value_get(train, "reduce_on_plateau"), "patience", a.epochs, "epoch",
           "it never lowers the rate");
    beyond(&a, yg_value_get(train, "average"), "start", a.epochs, "epoch",
           "the averaging never begins");
    advise_accumulate(&a, train);
    if (settings->keep_every > a.epochs)
        beyond(&a, train, "keep_every", a.epochs, "epoch", "no weights of an epoch are kept");
    if (settings->log_every > a.steps)
        beyond(&a, train, "log_every", a.steps, "step", "no step is noted");
    if (!has_rate(&a)) {
        const yg_value *optimizer = yg_value_get(train, "optimizer");
        const yg_value *lr =
            optimizer && optimizer->kind == YG_MAPPING ? yg_value_get(optimizer, "lr") : NULL;
        begin(&a, lr ? lr : train);
        yg_text_add(out, "the learning rate is 0 in every step: no weight changes\n");
    }
}
