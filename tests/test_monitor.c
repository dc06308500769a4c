/*
 * What epochs are judged by: losses and metrics, the best weights, stopping early.
 */
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* One weight that starts at 0 and goes to 3, by a tenth of what is left: 0.6, 1.08, 1.46, 1.77, …;
 * `near` is highest at 1.5, so after epoch 3, `far` is its distance, and the loss falls on. */
static const char model_text[] = "format: 1\n"
                                 "name: judged\n"
                                 "inputs: {x: [B, 1]}\n"
                                 "targets: {y: [B, 1]}\n"
                                 "params: {w: {shape: [1, 1], init: zeros}}\n"
                                 "graph:\n"
                                 "  a: x @ w\n"
                                 "outputs: [a]\n"
                                 "loss: mean(square(a - y))\n"
                                 "metrics:\n"
                                 "  near: mean(1 - square(a - 1.5))\n"
                                 "  far: mean(abs(a - 1.5))\n"
                                 "  none: mean(log(0 * a - 1))\n"
                                 "data:\n"
                                 "  train: {x: [[1]], y: [[3]]}\n"
                                 "%s"
                                 "train:\n"
                                 "  epochs: 10\n"
                                 "  optimizer: {type: sgd, lr: 0.1}\n"
                                 "  early_stopping: {%spatience: 2}\n";

static const char validation[] = "  validation: {x: [[1]], y: [[3]]}\n";

static yg_model *model_of(const workspace *w, const char *part, const char *monitor) {
    char text[1000];
    snprintf(text, sizeof text, model_text, part, monitor);
    return workspace_model(w, "t.yaml", text);
}

Test(monitor, the_best_epoch_is_by_what_is_monitored) {
    static const struct {
        const char *monitor;
        int64_t best, epochs;
    } cases[] = {
        {"", 10, 10},
        {"monitor: validation.loss, ", 10, 10},
        {"monitor: train.loss, mode: min, ", 10, 10},
        {"monitor: validation.near, mode: max, ", 3, 5},
        {"monitor: validation.far, mode: min, ", 3, 5},
        {"monitor: validation.far, mode: max, ", 1, 3},  /* 0.9, 0.42, 0.04 */
        {"monitor: train.near, mode: max, ", 4, 6},      /* a step behind */
        {"monitor: validation.none, mode: max, ", 1, 2}, /* no number is never better */
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_model *model = model_of(&w, validation, cases[i].monitor);
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        yg_train_result result;
        yg_error error = {0};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        cr_expect_eq(result.best_epoch, cases[i].best, "%s: best %lld", cases[i].monitor,
                     (long long)result.best_epoch);
        cr_expect_eq(result.epochs, cases[i].epochs, "%s: %lld epochs", cases[i].monitor,
                     (long long)result.epochs);
        /* The weights are that epoch's: their scores are. */
        if (cases[i].best == 3)
            cr_expect_float_eq(result.validation.metrics[1].value, 0.036, 1e-5);
        yg_train_result_free(&result);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(monitor, what_is_wrong_is_told) {
    static const struct {
        const char *part, *monitor, *message;
    } cases[] = {
        {validation, "monitor: validation.nera, mode: max, ", "did you mean 'validation.near'?"},
        {validation, "monitor: accuracy, ", "known: validation.loss, train.loss, validation.near"},
        {validation, "monitor: validation.near, ", "needs `mode: max` if higher is better"},
        {validation, "monitor: validation.near, mode: maximum, ", "max"},
        {validation, "monitor: validation.loss, mode: max, ", "the best loss is the lowest"},
        {"", "monitor: validation.near, mode: max, ", "`data:` has no `validation`"},
        {validation, "monitor: [a], ", "`monitor`"},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_model *model = model_of(&w, cases[i].part, cases[i].monitor);
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        yg_train_result result;
        yg_error error = {0};
        cr_expect_not(yg_train(model, &options, &result, &error), "%s", cases[i].monitor);
        yg_train_result_free(&result);
        cr_expect_not_null(strstr(error.message, cases[i].message), "%s: %s", cases[i].monitor,
                           error.message);
        cr_expect(error.line >= 19, "%s: line %d", cases[i].monitor, error.line);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
