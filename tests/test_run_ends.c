/*
 * How a run ends: early, within an epoch, or before its first step.
 */
#include "data/source.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Batches of 3 examples out of 7. */
static const char line_model[] =
    "format: 1\n"
    "name: line\n"
    "inputs: {x: [B, 1]}\n"
    "targets: {y: [B, 1]}\n"
    "graph: {a: {type: linear, input: x, out_features: 1}}\n"
    "outputs: [a]\n"
    "loss: mse(a, y)\n"
    "data: {train: {x: [[0], [1], [2], [3], [4], [5], [6]],\n"
    "               y: [[1], [3], [5], [7], [9], [11], [13]]}}\n"
    "train: {epochs: 12, batch_size: 3, seed: 7, optimizer: {type: sgd, lr: 0.01}}\n";

static yg_train_result train(const yg_model *model, yg_train_options options) {
    yg_error error = {0};
    yg_train_result result;
    options.threads = 1;
    cr_assert(yg_train(model, &options, &result, &error), "%s: %s", error.file, error.message);
    return result;
}

/* A number of run.json. */
static int number_of(const workspace *w, const char *key) {
    json_t *record = json_load_file(workspace_path(w, "run/run.json"), 0, NULL);
    cr_assert_not_null(record);
    const int number = (int)json_integer_value(json_object_get(record, key));
    json_decref(record);
    return number;
}

Test(run_ends, early_stopping_waits_and_the_best_weights_are_kept) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(
        &w, "t.yaml",
        "format: 1\n"
        "name: stops\n"
        "inputs: {x: [B, 1]}\n"
        "targets: {y: [B, 1]}\n"
        "graph:\n"
        "  a: {type: linear, input: x, out_features: 1}\n"
        "outputs: [a]\n"
        "loss: mean(square(a - y))\n"
        "data:\n"
        "  train: {x: [[1], [2]], y: [[3], [5]]}\n"
        "  validation: {x: [[1], [2]], y: [[-9], [-9]]}\n" /* the better it learns, the worse */
        "train:\n"
        "  epochs: 100\n"
        "  optimizer: {type: sgd, lr: 0.05}\n"
        "  early_stopping: {monitor: validation.loss, patience: 3}\n");
    yg_train_result result = train(model, (yg_train_options){.out = workspace_path(&w, "run")});
    cr_assert(result.stopped_early);
    cr_assert_eq(result.epochs, result.best_epoch + 3);
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}

/* An epoch that the last step cuts off is scored, and may be the best. So it counts. */
Test(run_ends, a_run_counted_in_steps_may_end_in_mid_epoch_and_go_on) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "line.yaml", line_model);
    yg_train_options options = {.out = workspace_path(&w, "run"), .has_steps = true, .steps = 5};
    yg_train_result result = train(model, options);
    cr_expect_eq(result.steps, 5);
    cr_expect_eq(result.epochs, 2); /* of 3 steps; the second is cut off */
    cr_expect_eq(result.best_epoch, 2);
    cr_expect_eq(number_of(&w, "epochs"), 2);
    cr_expect_eq(number_of(&w, "steps"), 5);
    cr_expect_eq(number_of(&w, "best_epoch"), 2);
    yg_train_result_free(&result);
    options.resume = true;
    options.steps = 9;
    result = train(model, options);
    cr_expect_eq(result.steps, 9);
    cr_expect_eq(result.epochs, 3);
    cr_expect_eq(number_of(&w, "epochs"), 3);
    yg_train_result_free(&result);
    char *history = workspace_read(&w, "run/history.csv", NULL);
    int lines = 0;
    for (const char *c = history; *c; c++)
        lines += *c == '\n';
    cr_expect_eq(lines, 4, "a header and three epochs:\n%s", history);
    free(history);
    yg_model_free(model);
    workspace_remove(&w);
}

/* A run that is stopped while its data are read, or before its first step, writes nothing. */
Test(run_ends, a_stop_before_the_first_step_writes_nothing) {
    static const volatile sig_atomic_t stop = 1;
    static const char *const data[] = {
        "{train: {csv: rows.csv, x: x, y: y}}",
        "{train: {x: [[1], [2]], y: [[1], [2]]}, validation: {from: train, fraction: 0.5}}"};
    const workspace w = workspace_make();
    workspace_write(&w, "rows.csv", "x,y\n1,1\n2,2\n");
    for (size_t i = 0; i < 4; i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "inputs: {x: [B, 1]}\n"
                 "targets: {y: [B, 1]}\n"
                 "graph: {p: {type: linear, input: x, out_features: 1}}\n"
                 "outputs: [p]\n"
                 "loss: mse(p, y)\n"
                 "data: %s\n"
                 "train: {epochs: 2, optimizer: {type: sgd, lr: 0.1}}\n",
                 data[i % 2]);
        yg_model *model = workspace_model(&w, "stopped.yaml", text);
        yg_error error = {0};
        yg_train_result result;
        yg_data read = {.stop = &stop};
        cr_expect_not(yg_data_load_known(model, YG_F32, &read, &error));
        cr_expect_not_null(strstr(error.message, "interrupted"), "%s", error.message);
        error = (yg_error){0};
        const yg_train_options options = {
            .out = workspace_path(&w, "run"), .threads = 1, .stop = &stop};
        cr_expect(yg_train(model, &options, &result, &error), "%s", error.message);
        cr_expect(result.interrupted);
        cr_expect_eq(result.steps, 0);
        cr_expect_eq(workspace_has(&w, "run"), i >= 2, "case %zu", i);
        yg_train_result_free(&result);
        if (i == 1) { /* an older run stays where it is */
            const yg_train_options whole = {.out = workspace_path(&w, "run"), .threads = 1};
            cr_assert(yg_train(model, &whole, &result, &error), "%s", error.message);
            yg_train_result_free(&result);
        }
        cr_expect_not(workspace_has(&w, "run-1"));
        yg_model_free(model);
    }
    workspace_remove(&w);
}
