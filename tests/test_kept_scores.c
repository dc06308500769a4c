/*
 * The scores that a run tells at its end are of the weights that it keeps, all of one epoch:
 * evaluating these weights gives the same numbers, to the last bit. A run that starts from weights
 * keeps them, so that its folder trains to the same bits again.
 */
#include "graph/number.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same_number(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static void expect_scores(const yg_model *model, const char *weights, const char *part,
                          const yg_scores *told, const char *name) {
    yg_error error = {0};
    yg_scores scores;
    const yg_evaluate_options options = {.weights = weights, .split = part, .threads = 1};
    cr_assert(yg_evaluate(model, &options, &scores, NULL, &error), "%s: %s", name, error.message);
    cr_expect_eq(scores.examples, told->examples, "%s, %s", name, part);
    cr_expect(same_number(scores.loss, told->loss), "%s, %s: %.17g, not %.17g", name, part,
              told->loss, scores.loss);
    cr_assert_eq(scores.count, told->count);
    for (size_t i = 0; i < scores.count; i++)
        cr_expect(same_number(scores.metrics[i].value, told->metrics[i].value),
                  "%s, %s.%s: %.17g, not %.17g", name, part, scores.metrics[i].name,
                  told->metrics[i].value, scores.metrics[i].value);
    yg_scores_free(&scores);
}

/* Trains and compares the end of the run with an evaluation of each part. */
static void expect_end(const workspace *w, const yg_model *model, int64_t epochs,
                       const char *name) {
    yg_error error = {0};
    yg_train_result result;
    char weights[300];
    const yg_train_options options = {
        .out = workspace_path(w, "run"), .threads = 1, .has_epochs = true, .epochs = epochs};
    cr_assert(yg_train(model, &options, &result, &error), "%s: %s", name, error.message);
    snprintf(weights, sizeof weights, "%s", workspace_path(w, "run/weights.safetensors"));
    cr_expect(result.scored);
    expect_scores(model, weights, "train", &result.training, name);
    if (result.has_validation)
        expect_scores(model, weights, "validation", &result.validation, name);
    if (result.has_test)
        expect_scores(model, weights, "test", &result.test, name);
    yg_train_result_free(&result);
    workspace_remove_folder(w, "run");
}

/* The models of the tree that train fast. */
Test(kept_scores, evaluation_gives_the_scores_that_a_run_ends_with) {
    static const struct {
        const char *name;
        int64_t epochs;
    } models[] = {{"xor", 30},        {"mlp_2_3_1", 30}, {"mlp_2_3_1_ops", 30}, {"iris", 5},
                  {"penguins", 5},    {"diabetes", 5},   {"breast_cancer", 5},  {"employment", 2},
                  {"co2", 2},         {"messages", 1},   {"digits", 1},         {"autoencoder", 1},
                  {"co2_forecast", 1}};
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        char path[300];
        yg_error error = {0};
        snprintf(path, sizeof path, "%s/models/%s.yaml", YG_SOURCE, models[i].name);
        yg_model *model = yg_model_load(path, NULL, &error);
        cr_assert_not_null(model, "%s", error.message);
        expect_end(&w, model, models[i].epochs, models[i].name);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Its loss goes up and down: the best epoch is not the last. */
static const char wild_text[] = "format: 1\n"
                                "name: wild\n"
                                "inputs: {x: [B, 2]}\n"
                                "targets: {y: [B, 1]}\n"
                                "graph: {a: {type: linear, input: x, out_features: 1}}\n"
                                "outputs: [a]\n"
                                "loss: mean(abs(a - y))\n"
                                "metrics: {far: max(abs(a - y))}\n"
                                "data:\n"
                                "  train: {x: [[1, 2], [2, -3], [-1, 4], [0, 1], [3, 3]],\n"
                                "          y: [[1], [2], [3], [5], [8]]}\n"
                                "%s"
                                "train:\n"
                                "  epochs: 12\n"
                                "  batch_size: 2\n"
                                "%s"
                                "  optimizer: {type: sgd, lr: 0.9}\n";

typedef struct seen {
    double loss[12]; /* of the training part, by epoch */
    double best;     /* that of the last epoch which was the best so far */
} seen;

static void see(void *context, const yg_train_progress *progress) {
    seen *s = context;
    if (!progress->epoch_end)
        return;
    s->loss[progress->epoch - 1] = progress->training.loss;
    s->best = progress->best ? progress->training.loss : s->best;
}

/* Without a validation part the number that is told of an epoch is the one that chooses the best.
 */
Test(kept_scores, the_loss_that_is_told_decides_which_epoch_is_the_best) {
    static const char validation[] = "  validation: {x: [[1, 1]], y: [[2]]}\n";
    static const struct {
        const char *part, *settings;
    } cases[] = {
        {"", ""},
        {"", "  average: {decay: 0.9}\n"},
        {validation, "  early_stopping: {monitor: train.loss, patience: 100}\n"},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000], line[100], number[YG_NUMBER_TEXT];
        seen s = {{0}, 0};
        yg_error error = {0};
        yg_train_result result;
        snprintf(text, sizeof text, wild_text, cases[i].part, cases[i].settings);
        yg_model *model = workspace_model(&w, "wild.yaml", text);
        const yg_train_options options = {
            .out = workspace_path(&w, "run"), .threads = 1, .progress = see, .context = &s};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        for (int e = 0; e < 12; e++)
            cr_expect(s.loss[e] >= s.loss[result.best_epoch - 1], "epoch %d", e + 1);
        cr_expect_eq(s.best, s.loss[result.best_epoch - 1]);
        cr_expect_eq(s.best, result.training.loss, "%g, not %g", result.training.loss, s.best);
        /* The files tell the same number. */
        char *metrics = workspace_read(&w, "run/metrics.jsonl", NULL);
        snprintf(line, sizeof line, "\"train\": {\"loss\": %s,",
                 yg_number_text(result.training.loss, number));
        cr_expect_not_null(strstr(metrics, line), "%s in %s", line, metrics);
        char *record = workspace_read(&w, "run/run.json", NULL);
        cr_expect_not_null(strstr(record, line), "%s in %s", line, record);
        free(metrics);
        free(record);
        yg_train_result_free(&result);
        yg_model_free(model);
        workspace_remove_folder(&w, "run");
    }
    workspace_remove(&w);
}

static void train(const workspace *w, const char *path, const yg_train_options *options,
                  const char *out) {
    yg_error error = {0};
    yg_train_result result;
    yg_train_options own = *options;
    yg_model *model = yg_model_load(path, NULL, &error);
    cr_assert_not_null(model, "%s", error.message);
    own.out = workspace_path(w, out);
    own.threads = 1;
    cr_assert(yg_train(model, &own, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    yg_model_free(model);
}

static void expect_same(const workspace *w, const char *a, const char *b) {
    size_t size, other;
    char *left = workspace_read(w, a, &size), *right = workspace_read(w, b, &other);
    cr_expect(size == other && memcmp(left, right, size) == 0, "%s and %s differ", a, b);
    free(left);
    free(right);
}

/* The weights that a run starts from may be another run's, which is gone later. */
Test(kept_scores, a_run_that_starts_from_weights_trains_again) {
    const workspace w = workspace_make();
    char text[1000], path[300], copy[300], start[300];
    snprintf(text, sizeof text, wild_text, "", "  seed: 3\n");
    yg_model_free(workspace_model(&w, "wild.yaml", text));
    snprintf(path, sizeof path, "%s", workspace_path(&w, "wild.yaml"));
    snprintf(copy, sizeof copy, "%s", workspace_path(&w, "second/model.yaml"));
    snprintf(start, sizeof start, "%s", workspace_path(&w, "first/weights.safetensors"));
    train(&w, path, &(yg_train_options){.has_epochs = true, .epochs = 3}, "first");
    train(&w, path, &(yg_train_options){.weights = start}, "second");
    workspace_remove_folder(&w, "first");
    train(&w, copy, &(yg_train_options){.weights = NULL}, "third");
    expect_same(&w, "second/weights.safetensors", "third/weights.safetensors");
    expect_same(&w, "second/last.safetensors", "third/last.safetensors");
    expect_same(&w, "second/start.safetensors", "third/start.safetensors");
    /* In its own folder, whose files move away; and going on, without the weights of the start. */
    train(&w, copy, &(yg_train_options){.weights = NULL}, "second");
    expect_same(&w, "second/weights.safetensors", "second-1/weights.safetensors");
    expect_same(&w, "second/start.safetensors", "second-1/start.safetensors");
    train(&w, path, &(yg_train_options){.resume = true, .has_epochs = true, .epochs = 14}, "third");
    train(&w, workspace_path(&w, "third/model.yaml"), &(yg_train_options){.weights = NULL},
          "fourth");
    expect_same(&w, "third/weights.safetensors", "fourth/weights.safetensors");
    workspace_remove(&w);
}

/* The key of the model file, from the folder of that file, and what is told where the file is gone.
 */
Test(kept_scores, a_model_may_name_the_weights_that_it_starts_from) {
    const workspace w = workspace_make();
    char text[1000], path[300];
    snprintf(text, sizeof text, wild_text, "", "  weights: first/weights.safetensors\n");
    yg_model *model = workspace_model(&w, "wild.yaml", text);
    yg_error error = {0};
    yg_train_result result;
    cr_expect_not(
        yg_train(model, &(yg_train_options){.out = workspace_path(&w, "run")}, &result, &error));
    cr_expect_not_null(strstr(error.message, "cannot open the weights to start from"), "%s",
                       error.message);
    cr_expect_eq(error.line, 15, "%d", error.line);
    yg_train_result_free(&result);
    yg_model_free(model);

    snprintf(text, sizeof text, wild_text, "", "  seed: 3\n");
    yg_model_free(workspace_model(&w, "plain.yaml", text));
    snprintf(path, sizeof path, "%s", workspace_path(&w, "plain.yaml"));
    train(&w, path, &(yg_train_options){.has_epochs = true, .epochs = 3}, "first");
    train(&w, workspace_path(&w, "wild.yaml"), &(yg_train_options){.weights = NULL}, "run");
    expect_same(&w, "run/start.safetensors", "first/weights.safetensors");
    train(&w, workspace_path(&w, "run/model.yaml"), &(yg_train_options){.weights = NULL}, "again");
    expect_same(&w, "run/last.safetensors", "again/last.safetensors");
    workspace_remove(&w);
}

/* The folder names data and included files by their paths. What has changed there since is told. */
Test(kept_scores, a_run_that_is_not_the_same_again_is_told) {
    static const struct {
        const char *file, *text, *changed;
    } cases[] = {
        {"x.csv", "x,y\n1,2\n2,3\n", ""},
        {"x.csv", "x,y\n1,2\n2,4\n", "the training data"},
        {"v.csv", "x,y\n3,3\n", "the validation data"},
        {"layers.yaml",
         "format: 1\ndefine: {l: {inputs: {x: [...]}, graph: {y: x * 3}, outputs: [y]}}\n",
         "the network"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const workspace w = workspace_make();
        yg_error error = {0};
        yg_train_result result;
        workspace_write(&w, "x.csv", "x,y\n1,2\n2,3\n");
        workspace_write(&w, "v.csv", "x,y\n3,4\n");
        workspace_write(
            &w, "layers.yaml",
            "format: 1\ndefine: {l: {inputs: {x: [...]}, graph: {y: x * 2}, outputs: [y]}}\n");
        yg_model_free(workspace_model(&w, "m.yaml",
                                      "format: 1\n"
                                      "include: layers.yaml\n"
                                      "inputs: {x: [B, 1]}\n"
                                      "targets: {y: [B, 1]}\n"
                                      "params: {w: {shape: [1], init: ones}}\n"
                                      "graph: {h: {type: l, input: x}, a: h * w}\n"
                                      "outputs: [a]\n"
                                      "loss: mean(square(a - y))\n"
                                      "data:\n"
                                      "  train: {csv: x.csv, x: x, y: y}\n"
                                      "  validation: {csv: v.csv, x: x, y: y}\n"
                                      "train: {epochs: 2, optimizer: {type: sgd, lr: 0.01}}\n"));
        train(&w, workspace_path(&w, "m.yaml"), &(yg_train_options){.weights = NULL}, "run");
        workspace_write(&w, cases[i].file, cases[i].text);
        yg_model *model = yg_model_load(workspace_path(&w, "run/model.yaml"), NULL, &error);
        cr_assert_not_null(model, "%s", error.message);
        const yg_train_options options = {.out = workspace_path(&w, "again"), .threads = 1};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        cr_expect_str_eq(result.changed, cases[i].changed);
        yg_train_result_free(&result);
        yg_model_free(model);
        workspace_remove(&w);
    }
}
