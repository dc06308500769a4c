/*
 * Schedules that give no rate at some step are told, before a run or when the step comes.
 */
#include "schedule_model.h"
#include "train/gradients.h"
#include "train/settings.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A rate that is none is told before a run, or when its step comes. */
Test(schedule_mistakes, tell_a_step_that_has_no_rate) {
    static const struct {
        const char *formula, *message;
    } wrong[] = {
        {"lr - 0.01 * step", "at step 18 of 40: found -0.01, a finite number of at least 0"},
        {"lr + 0 / (step - 9)", "at step 10 of 40: division by zero"},
        {"log(step)", "at step 1 of 40: log(…): the result is not a finite number"},
        {"step ** 100", "at step 3 of 40: '**': the result is too large"},
        {"lr * nan", "at step 1 of 40: found nan"},
        {"lr * inf", "at step 1 of 40: found inf"},
        {"step > 3", "at step 1 of 40: `rate` is a number, found false"},
        {"if(step, 1, 2)", "the condition is true or false, found the number 0"},
        {"-lr * 0 - 0.0 * step - 1e-30", "at step 1 of 40: found -1e-30"},
        {"maximum(step > 1, 3)", "takes numbers or truth values, found both"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char define[300];
        snprintf(define, sizeof define, "define:\n  mine:\n    rate: %s\n", wrong[i].formula);
        yg_model *model = schedule_model(define, "mine");
        const yg_rate_plan plan = {
            .schedule = yg_model_schedule(model), .lr = 0.16, .steps = 40, .epoch_steps = 7};
        yg_error error = {0};
        cr_expect_not(yg_schedule_check(&plan, &error), "%s", wrong[i].formula);
        cr_expect_not_null(strstr(error.message, wrong[i].message), "%s: %s", wrong[i].formula,
                           error.message);
        cr_expect_not_null(strstr(error.message, "model.yaml:4:"), "%s: no place in the formula",
                           error.message);
        cr_expect_eq(error.line, 13, "%s", error.message);
        yg_model_free(model);
    }
}

/* Where data and the length of a run are known, `check` and `train` look at the steps before they
 * begin; `train` writes nothing. */
Test(schedule_mistakes, are_checked_before_a_run) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(
        &w, "falling.yaml",
        "format: 1\n"
        "define: {falling: {rate: lr - 0.02 * step}}\n"
        "inputs: {x: [B, 1]}\n"
        "targets: {y: [B, 1]}\n"
        "graph: {p: {type: linear, input: x, out_features: 1}}\n"
        "outputs: [p]\n"
        "loss: mse(p, y)\n"
        "data: {train: {x: [[1], [2], [3], [4], [5]], y: [[1], [2], [3], [4], [5]]}}\n"
        "train: {epochs: 3, batch_size: 2, optimizer: {type: sgd, lr: 0.1}, schedule: falling}\n");
    yg_error errors[2] = {{0}};
    yg_train_result result;
    yg_gradient_checks checks;
    cr_expect_not(yg_train(model, &(yg_train_options){.out = workspace_path(&w, "run")}, &result,
                           &errors[0]));
    cr_expect_not(yg_check_gradients(model, NULL, &checks, &errors[1]));
    for (int i = 0; i < 2; i++)
        cr_expect_not_null(strstr(errors[i].message, "at step 7 of 9: found -0.02"), "%s",
                           errors[i].message);
    cr_expect_not(workspace_has(&w, "run"));
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Of a long run the first and the last step are looked at, and steps on all of its way. */
Test(schedule_mistakes, are_looked_at_on_the_whole_way) {
    static const char *const wrong[] = {"if(step == 0, -1, lr)", "if(step == steps - 1, -1, lr)",
                                        "if(step > steps - steps // 900, -1, lr)",
                                        "if(step < steps // 900, -1, lr)",
                                        "if(abs(step - steps // 3) < steps // 1000, -1, lr)"};
    static const int64_t lengths[] = {1001, 1999, 2500, 123456, INT64_C(9000000000000000000)};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char define[300];
        snprintf(define, sizeof define, "define:\n  mine:\n    rate: %s\n", wrong[i]);
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            yg_model *model = schedule_model(define, "{type: mine, warmup_steps: 1}");
            const yg_rate_plan plan = {.schedule = yg_model_schedule(model),
                                       .lr = 0.1,
                                       .steps = lengths[k],
                                       .epoch_steps = 3};
            yg_error error = {0};
            /* A short run has no such stretch of steps. */
            if (k >= 2 || i <= 1)
                cr_expect_not(yg_schedule_check(&plan, &error), "%s of %lld", wrong[i],
                              (long long)lengths[k]);
            yg_model_free(model);
        }
    }
}

/* A rate that float64 holds and float32 does not would be infinite in the step. */
Test(schedule_mistakes, a_rate_beyond_the_networks_type_is_refused) {
    yg_model *model = schedule_model("define:\n  mine: {rate: lr * 10.0 ** (20 * step)}\n", "mine");
    yg_rate_plan plan = {
        .schedule = yg_model_schedule(model), .lr = 1, .steps = 3, .epoch_steps = 1};
    yg_error error = {0};
    cr_expect(yg_schedule_check(&plan, &error), "%s", error.message);
    plan.largest = 3.4e38;
    cr_expect_not(yg_schedule_check(&plan, &error));
    cr_expect_not_null(strstr(error.message, "at step 3 of 3: found 1e+40, which is too large"),
                       "%s", error.message);
    yg_model_free(model);
}
