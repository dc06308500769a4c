/*
 * Learning rate schedules: see schedule.h.
 */
#include "schedule.h"

#include <math.h>
#include <stdio.h>

static const char *const types[] = {
    [YG_SCHEDULE_CONSTANT] = "constant",       [YG_SCHEDULE_STEP] = "step",
    [YG_SCHEDULE_EXPONENTIAL] = "exponential", [YG_SCHEDULE_COSINE] = "cosine",
    [YG_SCHEDULE_LINEAR] = "linear",           NULL,
};

/* Which of the keys behind `type` each type takes. */
enum { WARMUP, STEP_SIZE, GAMMA, MIN_LR, END_FACTOR, KEYS };

static const char *const key_names[KEYS] = {
    [WARMUP] = "warmup_steps", [STEP_SIZE] = "step_size",   [GAMMA] = "gamma",
    [MIN_LR] = "min_lr",       [END_FACTOR] = "end_factor",
};

static const struct {
    bool takes[KEYS], needs[KEYS];
} uses[] = {
    [YG_SCHEDULE_CONSTANT] = {.takes = {[WARMUP] = true}},
    [YG_SCHEDULE_STEP] = {.takes = {[WARMUP] = true, [STEP_SIZE] = true, [GAMMA] = true},
                          .needs = {[STEP_SIZE] = true}},
    [YG_SCHEDULE_EXPONENTIAL] = {.takes = {[WARMUP] = true, [GAMMA] = true},
                                 .needs = {[GAMMA] = true}},
    [YG_SCHEDULE_COSINE] = {.takes = {[WARMUP] = true, [MIN_LR] = true}},
    [YG_SCHEDULE_LINEAR] = {.takes = {[WARMUP] = true, [END_FACTOR] = true}},
};

static bool read_number(const yg_value *mapping, int key, double max, double *out,
                        yg_error *error) {
    const yg_value *value = yg_value_get(mapping, key_names[key]);
    char what[40];
    snprintf(what, sizeof what, "`%s`", key_names[key]);
    return !value || yg_value_float(value, what, 0, max, out, error);
}

static bool read_count(const yg_value *mapping, int key, int64_t min, int64_t *out,
                       yg_error *error) {
    const yg_value *value = yg_value_get(mapping, key_names[key]);
    char what[40];
    snprintf(what, sizeof what, "`%s`", key_names[key]);
    return !value || yg_value_int(value, what, min, INT64_MAX, out, error);
}

bool yg_schedule_read(const yg_value *value, yg_schedule *schedule, yg_error *error) {
    const yg_value *type = value->kind == YG_MAPPING ? yg_value_get(value, "type") : value;
    yg_key keys[KEYS + 1] = {{"type", true, NULL}};
    size_t count = 1;
    int index;
    char what[40];
    *schedule = (yg_schedule){.gamma = 0.1};
    if (!type)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`schedule` has no `type`; known: constant, step, exponential, cosine, "
                       "linear");
    if (!yg_value_choice(type, "`schedule`", types, &index, error))
        return false;
    schedule->type = (yg_schedule_type)index;
    for (int k = 0; k < KEYS; k++)
        if (uses[index].takes[k])
            keys[count++] = (yg_key){key_names[k], uses[index].needs[k], NULL};
    snprintf(what, sizeof what, "schedule '%s'", types[index]);
    if (value->kind != YG_MAPPING)
        for (int k = 0; k < KEYS; k++)
            if (uses[index].needs[k])
                return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                               "%s needs `%s`; write `schedule: {type: %s, %s: …}`", what,
                               key_names[k], types[index], key_names[k]);
    if (value->kind != YG_MAPPING)
        return true;
    return yg_value_check_keys(value, what, keys, count, error) &&
           read_count(value, WARMUP, 0, &schedule->warmup_steps, error) &&
           read_count(value, STEP_SIZE, 1, &schedule->step_size, error) &&
           read_number(value, GAMMA, 1e3, &schedule->gamma, error) &&
           read_number(value, MIN_LR, 1e10, &schedule->min_lr, error) &&
           read_number(value, END_FACTOR, 1e3, &schedule->end_factor, error);
}

double yg_schedule_rate(const yg_schedule *schedule, double lr, int64_t step, int64_t steps,
                        int64_t epoch_steps) {
    const double pi = 3.14159265358979323846;
    if (step < schedule->warmup_steps)
        return lr * ((double)step + 1) / (double)schedule->warmup_steps;
    const int64_t i = step - schedule->warmup_steps, n = steps - schedule->warmup_steps;
    const int64_t epoch = i / epoch_steps;
    const double part = n > 0 ? (double)i / (double)n : 0;
    switch (schedule->type) {
    case YG_SCHEDULE_STEP:
        return lr * pow(schedule->gamma, floor((double)epoch / (double)schedule->step_size));
    case YG_SCHEDULE_EXPONENTIAL:
        return lr * pow(schedule->gamma, (double)epoch);
    case YG_SCHEDULE_COSINE:
        return schedule->min_lr + (lr - schedule->min_lr) * (1 + cos(pi * part)) / 2;
    case YG_SCHEDULE_LINEAR:
        return lr * (1 + (schedule->end_factor - 1) * part);
    case YG_SCHEDULE_CONSTANT:
        break;
    }
    return lr;
}
