/*
 * Models with a schedule, and its rates, for tests of schedules.
 */
#ifndef YG_TESTS_SCHEDULE_MODEL_H
#define YG_TESTS_SCHEDULE_MODEL_H

#include "model_text.h"
#include "train/schedule.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* A model with what stands for the schedule, and with a `define:` section or "". */
static const char model_form[] = "format: 1\n"
                                 "%s"
                                 "inputs: {x: [B, 2]}\n"
                                 "targets: {y: [B, 1]}\n"
                                 "graph: {p: {type: linear, input: x, out_features: 1}}\n"
                                 "outputs: [p]\n"
                                 "loss: mse(p, y)\n"
                                 "train:\n"
                                 "  epochs: 1\n"
                                 "  optimizer: {type: sgd, lr: 0.1}\n"
                                 "  schedule: %s\n";

static inline yg_model *schedule_model_with(const char *define, const char *schedule,
                                            const model_file *files, size_t count,
                                            yg_error *error) {
    char text[4000];
    const int length = snprintf(text, sizeof text, model_form, define, schedule);
    cr_assert(length > 0 && (size_t)length < sizeof text);
    return model_from_files(text, files, count, NULL, error);
}

static inline yg_model *schedule_model(const char *define, const char *schedule) {
    yg_error error = {0};
    yg_model *model = schedule_model_with(define, schedule, NULL, 0, &error);
    cr_assert_not_null(model, "%s: %s", schedule, error.message);
    cr_assert_not_null(yg_model_schedule(model));
    return model;
}

static inline double rate_of(const yg_rate_plan *plan, int64_t step) {
    yg_error error = {0};
    double rate;
    cr_assert(yg_schedule_rate(plan, step, &rate, &error), "step %d: %s", (int)step, error.message);
    return rate;
}

#endif
