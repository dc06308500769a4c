/*
 * Loss and metrics of many examples: what they are must not depend on the batches that they are
 * computed in, nor on an interruption.
 */
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Eleven examples of three classes. The first four have no label (-100). */
static const char form[] =
    "format: 1\n"
    "name: scores\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: {shape: [B], dtype: i32}, t: [B, 3]}\n"
    "params:\n"
    "  cw: {shape: [3], init: {type: constant, value: 0.5}, trainable: false}\n"
    "graph:\n"
    "  z: {type: linear, input: x, out_features: 3}\n"
    "  weight: cw * stack([1.0 * cw[0], 9.0 * cw[1], 4.0 * cw[2]])\n"
    "  run:\n"
    "    scan: {z_t: z}\n"
    "    carry: {h: \"0 * z[:, 0]\"}\n"
    "    graph: {h: tanh(z_t + h)}\n"
    "    collect: [h]\n"
    "outputs: [z, run]\n"
    "loss: %s\n"
    "metrics: {plain: mean(square(z - t)), other: sum(weight) + sum(1.0 * y)%s}\n"
    "data:\n"
    "  train:\n"
    "    x: [[1, 2], [3, -1], [0, 1], [2, 2], [-1, 1], [4, 0], [1, 1], [0, -2], [2, -1], [3, 3],\n"
    "        [1, 0]]\n"
    "    y: [-100, -100, -100, -100, 0, 1, 2, 1, 1, 0, 2]\n"
    "    t: [[1, 0, 2], [0, 1, 1], [2, 1, 0], [1, 1, 1], [0, 0, 1], [3, 0, 0], [0, 2, 0],\n"
    "        [1, 0, 0], [0, 1, 2], [2, 2, 1], [1, 0, 3]]\n"
    "train: {epochs: 3, batch_size: %d, seed: 3, optimizer: {type: sgd, lr: %s}%s}\n";

/* From number GATHERED on they compare examples with each other. An evaluation keeps their rows; an
 * epoch of training has the mean over its batches. */
enum { GATHERED = 24 };
static const char *const losses[] = {
    "mse(z, t)",
    "mse(z, t, reduction=sum)",
    "mse(z, t, reduction=batchmean)",
    "0.25 * sum(square(z - t))",
    "sum(square(z - t)) / 4",
    "cross_entropy(z, y)", /* batches without a label among them */
    "cross_entropy(z, y, weight)",
    "cross_entropy(z, y, weight, label_smoothing=0.1)",
    "nll(log_softmax(z), y, weight)",
    "cross_entropy(z, y, weight, reduction=sum)",
    "max(square(z - t))",
    "min(square(z - t)) - max(z)",
    "sqrt(mse(z, t))",
    "sqrt(mean(square(z - t))) + 0.5 * mean(abs(z - t))",
    "log(mse(z, t)) * mse(z, t, reduction=sum)",
    "mse(z, t) + 0.1 * sum(square(weight))",
    "sqrt(mse(z, t) + sum(square(weight)))",
    "1 - sum(z * t) / sqrt(sum(square(z)) * sum(square(t)))",     /* a cosine over all */
    "mean(sum(square(z - t), dim=0) / (1 + sum(abs(t), dim=0)))", /* by column */
    "mean(sqrt(mean(square(z - t), dim=0)))",
    "mean(max(abs(z - t), dim=1))",
    "sum(z * t) / sum(t)",
    "sqrt(mse(run, t))",
    "sum(square(transpose(z) @ t))",
    "mean(square(z - mean(z, dim=0)))",
    "mean(run * mean(run, dim=0))",
    "mean(softmax(z, dim=0) * t)",
    "mean(cumsum(z, dim=0) * t)",
    "mean(square(z @ transpose(z)))",
    "mean(z[1:] * t[:-1])",
};

static yg_model *make_model(const workspace *w, const char *loss, int batch_size, const char *lr,
                            const char *more) {
    char text[4096];
    snprintf(text, sizeof text, form, loss, "", batch_size, lr, more);
    return workspace_model(w, "scores.yaml", text);
}

static void expect_near(double found, double expected, const char *loss, const char *where) {
    cr_expect(fabs(found - expected) <= 1e-11 * fmax(1, fabs(expected)), "%s, %s: %.17g, not %.17g",
              loss, where, found, expected);
}

Test(scores, evaluation_is_the_same_in_any_batches) {
    const workspace w = workspace_make();
    char weights[256], out[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        yg_model *model = make_model(&w, losses[i], 11, "0", "");
        yg_error error = {0};
        yg_train_result result;
        const yg_train_options train = {.out = out, .threads = 1, .has_epochs = true, .epochs = 1};
        cr_assert(yg_train(model, &train, &result, &error), "%s: %s", losses[i], error.message);
        yg_train_result_free(&result);
        double whole[3];
        static const int64_t sizes[] = {11, 1, 2, 3, 4, 5, 8, 10};
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            char where[40];
            yg_scores scores;
            const yg_evaluate_options options = {
                .weights = weights, .batch_size = sizes[s], .dtype = YG_F64, .threads = 1};
            cr_assert(yg_evaluate(model, &options, &scores, NULL, &error), "%s: %s", losses[i],
                      error.message);
            const double found[] = {scores.loss, scores.metrics[0].value, scores.metrics[1].value};
            snprintf(where, sizeof where, "eval in batches of %d", (int)sizes[s]);
            for (size_t k = 0; k < 3; k++) {
                whole[k] = s ? whole[k] : found[k];
                expect_near(found[k], whole[k], losses[i], where);
            }
            cr_expect(isfinite(scores.loss), "%s", losses[i]);
            cr_expect_not(scores.loss_of_batches, "%s", losses[i]);
            yg_scores_free(&scores);
        }
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Metrics of answers by class and of regression: exact in any batches. Some batches have no row
 * with a label, or lack a class. */
static const char *const metrics[] = {
    "accuracy(z, y)",
    "accuracy(z, y, ignore_index=1)",
    "top_k_accuracy(z, y, k=2)",
    "balanced_accuracy(z, y)",
    "precision(z, y)",
    "recall(z, y, average=weighted)",
    "f1(z, y)",
    "f1(z, y, average=micro)",
    "f1(z, y, class_index=2, zero_division=1)",
    "f1(z, t > 0.5, threshold=0.1)",
    "f1(z, y, abs(z[:, 0]))",
    "log_loss(softmax(z), y)",
    "log_loss(sigmoid(z[:, 1]), t[:, 1] > 0.5)",
    "brier(softmax(z), y)",
    "calibration_error(softmax(z), y)",
    "calibration_error(sigmoid(z[:, 1]), t[:, 1] > 0.5, bins=4)",
    "mae(z, t)",
    "mae(z, t, abs(z[:, 0]))",
    "rmse(z, t)",
    "rmse(z[:, 0], t[:, 0])",
    "mape(z, t)",
    "r2(z, t)",
    "r2(z, t, abs(z[:, 0]))",
    "r2(z, 0 * t + 0.3)",
    "perplexity(z, y)",
    "bits_per_character(z, y)",
    "roc_auc(z, y)",
    "roc_auc(z, y, average=micro)",
    "roc_auc(z, y, multi_class=one_vs_one)",
    "average_precision(z[:, 1], t[:, 1] > 0.5)",
};
enum { METRICS = sizeof metrics / sizeof *metrics };

static void write_metrics(char *text, size_t size) {
    *text = 0;
    for (size_t i = 0; i < METRICS; i++) {
        const size_t used = strlen(text);
        snprintf(text + used, size - used, ", m%zu: \"%s\"", i, metrics[i]);
    }
}

Test(scores, metrics_are_the_same_in_any_batches) {
    const workspace w = workspace_make();
    char weights[256], out[256], more[3000], text[6000];
    write_metrics(more, sizeof more);
    snprintf(text, sizeof text, form, "mse(z, t)", more, 11, "0", "");
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    yg_model *model = workspace_model(&w, "scores.yaml", text);
    yg_error error = {0};
    yg_train_result result;
    const yg_train_options train = {.out = out, .threads = 1, .has_epochs = true, .epochs = 1};
    cr_assert(yg_train(model, &train, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    double whole[METRICS];
    static const int64_t sizes[] = {11, 1, 2, 3, 4, 10};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        char where[40];
        yg_scores scores;
        const yg_evaluate_options options = {
            .weights = weights, .batch_size = sizes[s], .dtype = YG_F64, .threads = 1};
        cr_assert(yg_evaluate(model, &options, &scores, NULL, &error), "%s", error.message);
        snprintf(where, sizeof where, "in batches of %d", (int)sizes[s]);
        for (size_t i = 0; i < METRICS; i++) {
            const yg_score *score = &scores.metrics[2 + i];
            whole[i] = s ? whole[i] : score->value;
            expect_near(score->value, whole[i], metrics[i], where);
            cr_expect(isfinite(score->value), "%s", metrics[i]);
            cr_expect_not(score->of_batches, "%s", metrics[i]);
        }
        yg_scores_free(&scores);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* With a learning rate of 0, an epoch gives the scores of an evaluation. */
Test(scores, an_epoch_is_the_same_in_any_batches) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < GATHERED; i++) {
        double whole = 0;
        for (int size = 11; size > 0; size -= size > 5 ? 6 : 1) {
            yg_model *model = make_model(&w, losses[i], size, "0", ", dtype: f64");
            yg_error error = {0};
            yg_train_result result;
            const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
            cr_assert(yg_train(model, &options, &result, &error), "%s: %s", losses[i],
                      error.message);
            whole = size == 11 ? result.training.loss : whole;
            expect_near(result.training.loss, whole, losses[i], "train");
            cr_expect_not(result.training.loss_of_batches);
            yg_train_result_free(&result);
            yg_model_free(model);
        }
    }
    workspace_remove(&w);
}

static void stop_after(void *context, const yg_train_progress *progress) {
    volatile sig_atomic_t *stop = context;
    *stop = progress->step >= 7 && !progress->epoch_end;
}

static void expect_same(const workspace *w, const char *a, const char *b, const char *loss) {
    size_t size_a, size_b;
    char *bytes_a = workspace_read(w, a, &size_a), *bytes_b = workspace_read(w, b, &size_b);
    cr_expect(size_a == size_b && memcmp(bytes_a, bytes_b, size_a) == 0, "%s: %s and %s differ",
              loss, a, b);
    free(bytes_a);
    free(bytes_b);
}

/* The checkpoint keeps totals to the bit. */
Test(scores, an_interrupted_epoch_comes_to_the_same) {
    const workspace w = workspace_make();
    static const size_t chosen[] = {5, 6, 10, 11, 16, 18, 21, 23, 24, 26};
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) {
        const char *loss = losses[chosen[i]];
        yg_model *model = make_model(&w, loss, 2, "0.01", "");
        yg_error error = {0};
        yg_train_result result;
        volatile sig_atomic_t stop = 0;
        char out[256];
        snprintf(out, sizeof out, "%s", workspace_path(&w, "whole"));
        yg_train_options options = {.out = out, .threads = 1};
        cr_assert(yg_train(model, &options, &result, &error), "%s: %s", loss, error.message);
        yg_train_result_free(&result);
        snprintf(out, sizeof out, "%s", workspace_path(&w, "parts"));
        options.progress = stop_after;
        options.context = (void *)(uintptr_t)&stop;
        options.stop = &stop;
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        cr_expect(result.interrupted && result.steps == 7);
        yg_train_result_free(&result);
        options = (yg_train_options){.out = out, .threads = 1, .resume = true};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        yg_train_result_free(&result);
        expect_same(&w, "whole/history.csv", "parts/history.csv", loss);
        expect_same(&w, "whole/weights.safetensors", "parts/weights.safetensors", loss);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Any number of metrics, with names of any length. */
Test(scores, there_may_be_any_number_of_metrics) {
    enum { METRICS = 150 };
    const workspace w = workspace_make();
    char *text = NULL, *more = NULL, out[256], weights[256], long_name[201];
    size_t size;
    memset(long_name, 'm', 200);
    long_name[200] = '\0';
    FILE *file = open_memstream(&more, &size);
    for (int i = 0; i < METRICS; i++)
        fprintf(file, ", m%d: %d * mean(z * z)", i, i);
    fprintf(file, ", %s: mean(z)", long_name);
    fclose(file);
    file = open_memstream(&text, &size);
    fprintf(file, form, "mse(z, t)", more, 3, "0.01",
            ", early_stopping: {monitor: train.m149, mode: min, patience: 2}");
    fclose(file);
    yg_model *model = workspace_model(&w, "many.yaml", text);
    yg_error error = {0};
    yg_train_result result;
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    yg_train_options options = {.out = out, .threads = 1};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    cr_assert_eq(result.training.count, METRICS + 3);
    cr_expect_str_eq(result.training.metrics[METRICS + 2].name, long_name);
    yg_train_result_free(&result);
    options.resume = options.has_epochs = true;
    options.epochs = 4;
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    yg_scores scores;
    cr_assert(yg_evaluate(model, &(yg_evaluate_options){.weights = weights, .dtype = YG_F64},
                          &scores, NULL, &error),
              "%s", error.message);
    for (int i = 0; i < METRICS; i++)
        expect_near(scores.metrics[i + 2].value / (i ? i : 1), i ? scores.metrics[3].value : 0,
                    scores.metrics[i + 2].name, "eval");
    yg_scores_free(&scores);
    yg_model_free(model);
    free(text);
    free(more);
    workspace_remove(&w);
}
