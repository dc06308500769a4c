/*
 * What epochs are judged by: losses and metrics, the best weights, stopping early.
 */
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One weight goes from 0 to 3: 0.6, 1.08, 1.46, 1.77, … The loss falls in every epoch. `near` is
 * highest at 1.5, that is after epoch 3. `far` is the distance from 1.5. */
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
                                 "  low: mean(log(1.5 - a))\n"
                                 "  high: mean(0 - log(relu(1.5 - a)))\n"
                                 "  infinite: mean(1 / (0 * a))\n"
                                 "  area: roc_auc(a, 0 * y + 1)\n"
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
        {"monitor: validation.far, mode: max, ", 1, 3}, /* 0.9, 0.42, 0.04 */
        {"monitor: train.near, mode: max, ", 3, 5}, /* of the weights that the epoch ends with */
        /* Undefined from epoch 4 on: never the best, and patience does not count it. */
        {"monitor: validation.low, mode: min, ", 3, 10},
        /* Infinite from epoch 4 on: never the best either, and no improvement. */
        {"monitor: validation.high, mode: max, ", 3, 5},
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

/* ------------------------------------------------------------------------- runs in pieces ---- */

/* The loss falls and rises again, so the best loss, the epochs waited and the reference all matter.
 */
static const char pieces_model[] =
    "format: 1\n"
    "name: pieces\n"
    "inputs: {x: [B, 1]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  h: {type: linear, input: x, out_features: 5, activation: tanh}\n"
    "  d: {type: dropout, p: 0.3}\n"
    "  p: {type: linear, out_features: 1}\n"
    "outputs: [p]\n"
    "loss: mse(p, y)\n"
    "data:\n"
    "  train:\n"
    "    x: [[1], [2], [3], [4], [5], [6], [7], [8], [9], [10]]\n"
    "    y: [[1], [0], [1], [0], [1], [0], [1], [0], [1], [0]]\n"
    "%s"
    "train:\n"
    "  steps: 60\n"
    "  batch_size: 3\n"
    "  seed: 4\n"
    "  optimizer: {type: adam, lr: 0.3}\n"
    "  early_stopping: {patience: %d, min_delta: %s}\n";

static void expect_same(const workspace *w, const char *name, const char *what) {
    char a[64], b[64];
    size_t size_a, size_b;
    snprintf(a, sizeof a, "whole/%s", name);
    snprintf(b, sizeof b, "parts/%s", name);
    char *text_a = workspace_read(w, a, &size_a), *text_b = workspace_read(w, b, &size_b);
    cr_expect(size_a == size_b && memcmp(text_a, text_b, size_a) == 0, "%s: %s", what, name);
    free(text_a);
    free(text_b);
}

/* A run can be interrupted anywhere, within an epoch or at its end, and then equals the run in one
 * piece. For that, the checkpoint must keep the best loss, the reference and the epochs waited. */
Test(monitor, a_run_in_pieces_stops_where_the_whole_one_does) {
    static const struct {
        const char *data, *min_delta;
        int patience;
    } cases[] = {
        {"  validation: {from: train, fraction: 0.3}\n", "0", 1},
        {"  validation: {from: train, fraction: 0.3}\n", "0.02", 2},
        {"  validation: {from: train, fraction: 0.3}\n", "0.1", 3},
        {"", "0", 2},
        {"", "0.05", 3},
    };
    static const int pieces[] = {2, 7};
    const workspace w = workspace_make();
    char text[2000], whole[256], parts[256];
    snprintf(whole, sizeof whole, "%s", workspace_path(&w, "whole"));
    snprintf(parts, sizeof parts, "%s", workspace_path(&w, "parts"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, pieces_model, cases[i].data, cases[i].patience,
                 cases[i].min_delta);
        yg_model *model = workspace_model(&w, "pieces.yaml", text);
        yg_error error = {0};
        yg_train_result result;
        yg_train_options options = {.out = whole, .threads = 1};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        const int64_t steps = result.steps, best = result.best_epoch;
        cr_expect(result.stopped_early, "case %zu runs to its end", i);
        yg_train_result_free(&result);
        for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
            options = (yg_train_options){.out = parts, .threads = 1, .has_steps = true};
            for (options.steps = pieces[k]; options.steps < 60; options.steps += pieces[k]) {
                cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
                yg_train_result_free(&result);
                options.resume = true;
            }
            options.has_steps = false;
            cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
            char what[60];
            snprintf(what, sizeof what, "case %zu, pieces of %d", i, pieces[k]);
            cr_expect_eq(result.steps, steps, "%s: %d steps, not %d", what, (int)result.steps,
                         (int)steps);
            cr_expect_eq(result.best_epoch, best, "%s: best %d, not %d", what,
                         (int)result.best_epoch, (int)best);
            yg_train_result_free(&result);
            expect_same(&w, "weights.safetensors", what);
            expect_same(&w, "checkpoint.safetensors", what);
            expect_same(&w, "history.csv", what);
        }
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* The weights that are kept are those that were measured: their loss is the lowest of all epochs.
 */
Test(monitor, without_validation_the_best_weights_have_the_lowest_loss) {
    const workspace w = workspace_make();
    char text[2000], out[256], weights[256];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    snprintf(text, sizeof text, pieces_model, "", 100, "0");
    yg_model *model = workspace_model(&w, "pieces.yaml", text);
    double lowest = (double)INFINITY, kept = 0;
    for (int epochs = 1; epochs <= 12; epochs++) {
        yg_error error = {0};
        yg_train_result result;
        yg_scores scores;
        const yg_train_options options = {
            .out = out, .threads = 1, .has_epochs = true, .epochs = epochs, .resume = epochs > 1};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        cr_assert(yg_evaluate(model, &(yg_evaluate_options){.weights = weights, .threads = 1},
                              &scores, NULL, &error));
        cr_expect_leq(scores.loss, lowest, "epoch %d", epochs);
        cr_expect(result.best_epoch == epochs || scores.loss == kept, "epoch %d: %g, not %g",
                  epochs, scores.loss, kept);
        kept = scores.loss;
        lowest = fmin(lowest, kept);
        yg_scores_free(&scores);
        yg_train_result_free(&result);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* What is undefined or infinite in the first epoch cannot choose one. */
Test(monitor, a_monitor_without_a_value_is_refused) {
    static const struct {
        const char *monitor, *message;
    } cases[] = {
        {"monitor: validation.none, mode: max, ",
         "`monitor: validation.none` is undefined in the first epoch, so no epoch"},
        {"monitor: train.area, mode: max, ",
         "`monitor: train.area` is undefined in the first epoch: it needs examples of two classes"},
        {"monitor: validation.infinite, mode: min, ",
         "`monitor: validation.infinite` is infinite in the first epoch, so no epoch"},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_model *model = model_of(&w, validation, cases[i].monitor);
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        yg_train_result result;
        yg_error error = {0};
        cr_expect_not(yg_train(model, &options, &result, &error), "case %zu", i);
        cr_expect_not_null(strstr(error.message, cases[i].message), "%s", error.message);
        cr_expect(error.line == 24, "%d", error.line);
        yg_train_result_free(&result);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* A run that ends within an epoch reports and keeps its result as after an epoch. */
Test(monitor, an_epoch_that_is_cut_off_is_measured) {
    const workspace w = workspace_make();
    char text[2000];
    snprintf(text, sizeof text, pieces_model, "", 100, "0");
    yg_model *model = workspace_model(&w, "pieces.yaml", text);
    yg_error error = {0};
    yg_train_result result;
    const yg_train_options options = {
        .out = workspace_path(&w, "run"), .threads = 1, .has_steps = true, .steps = 6};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    cr_expect_eq(result.epochs, 2);
    cr_expect_eq(result.training.examples, result.train_examples, "%d",
                 (int)result.training.examples);
    char *history = workspace_read(&w, "run/history.csv", NULL);
    cr_expect_not_null(strstr(history, "\n2,6,"), "%s", history);
    free(history);
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}
