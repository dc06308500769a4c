/*
 * Metrics of many examples that need more than sums: rows of all examples, tables, the way in which
 * a model says that batches are joined, and units of a target. What they are must not depend on the
 * batches, nor on an interruption, in training neither.
 */
#include "train/predict.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Eleven examples of three classes. */
static const char form[] =
    "format: 1\n"
    "name: metrics\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: [low, mid, high]}, t: [B, 3]}\n"
    "graph:\n"
    "  z: {type: linear, input: x, out_features: 3}\n"
    "%s"
    "outputs: [z]\n"
    "loss: mse(z, t)\n"
    "metrics:\n"
    "%s"
    "data:\n"
    "  train:\n"
    "    x: [[1, 2], [3, -1], [0, 1], [2, 2], [-1, 1], [4, 0], [1, 1], [0, -2], [2, -1], [3, 3],\n"
    "        [1, 0]]\n"
    "    y: [low, mid, high, high, low, mid, high, mid, mid, low, high]\n"
    "    t: [[1, 0, 2], [0, 1, 1], [2, 1, 0], [1, 1, 1], [0, 0, 1], [3, 0, 0], [0, 2, 0],\n"
    "        [1, 0, 0], [0, 1, 2], [2, 2, 1], [1, 0, 3]]\n"
    "%s"
    "train: {epochs: %d, batch_size: %d, seed: 3, dtype: f64, optimizer: {type: sgd, lr: %s}%s}\n";

typedef struct options {
    const char *graph, *metrics, *data, *lr, *more;
    int epochs, batch_size;
} options;

/* Names in results belong to the models, which live until the end of a test. */
static yg_model *models[64];
static size_t model_count;

static void end(const workspace *w) {
    while (model_count > 0)
        yg_model_free(models[--model_count]);
    workspace_remove(w);
}

static yg_model *make_model(const workspace *w, const options *o) {
    char text[8192];
    snprintf(text, sizeof text, form, o->graph ? o->graph : "", o->metrics, o->data ? o->data : "",
             o->epochs ? o->epochs : 1, o->batch_size, o->lr ? o->lr : "0", o->more ? o->more : "");
    cr_assert_lt(model_count, sizeof models / sizeof *models);
    return models[model_count++] = workspace_model(w, "metrics.yaml", text);
}

/* Trains, and gives the scores of the training part in its last epoch. */
static yg_train_result train(const workspace *w, const options *o, const char *folder) {
    yg_model *model = make_model(w, o);
    yg_error error = {0};
    yg_train_result result;
    const yg_train_options options = {.out = workspace_path(w, folder), .threads = 1};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    return result;
}

static yg_scores evaluate(const workspace *w, const options *o, const char *folder, int batch) {
    char weights[300];
    yg_model *model = make_model(w, o);
    yg_error error = {0};
    yg_scores scores;
    snprintf(weights, sizeof weights, "%s/weights.safetensors", workspace_path(w, folder));
    const yg_evaluate_options options = {
        .weights = weights, .batch_size = batch, .dtype = YG_F64, .threads = 1};
    cr_assert(yg_evaluate(model, &options, &scores, NULL, &error), "%s", error.message);
    return scores;
}

static void expect_near(double found, double expected, const char *what, const char *where,
                        int batch) {
    cr_expect(fabs(found - expected) <= 1e-11 * fmax(1, fabs(expected)) ||
                  (isnan(found) && isnan(expected)),
              "%s, %s in batches of %d: %.17g, not %.17g", what, where, batch, found, expected);
}

/* Compares all metrics, and that they are numbers. */
static void expect_same(const yg_scores *found, const yg_scores *expected, const char *where,
                        int batch) {
    cr_assert_eq(found->count, expected->count);
    for (size_t i = 0; i < found->count; i++) {
        const yg_score *a = &found->metrics[i], *b = &expected->metrics[i];
        const yg_score_table *t = a->table;
        cr_expect_not(a->of_batches, "%s, %s in batches of %d", a->name, where, batch);
        if (!t)
            expect_near(a->value, b->value, a->name, where, batch);
        for (int64_t k = 0; t && k < t->rows * t->columns; k++)
            expect_near(t->values[k], b->table->values[k], a->name, where, batch);
    }
}

/* ------------------------------------------------------------------- rows of all examples ---- */

/* A tensor whose second dimension holds the batch. */
static const char turned[] = "  zt: transpose(z)\n";
static const char rows[] = "  auc: roc_auc(z, y)\n"
                           "  pairs: roc_auc(z, y, multi_class=one_vs_one)\n"
                           "  weighted: roc_auc(z, y, abs(z[:, 0]), average=weighted)\n"
                           "  micro: average_precision(z, y, average=micro)\n"
                           "  chosen: average_precision(z[:, 1], t[:, 1] > 0.5)\n"
                           "  spread: \"mean(square(z - mean(z, dim=0)))\"\n"
                           "  soft: \"mean(softmax(z, dim=0) * t)\"\n"
                           "  correlation: \"sum((z - mean(z)) * (t - mean(t)))\"\n"
                           "  gram: \"mean(square(z @ transpose(z)))\"\n"
                           "  turned: \"mean(square(zt - mean(zt, dim=1, keepdim=true)) * "
                           "transpose(t))\"\n"
                           "  order: \"mean(z[1:] * t[:-1])\"\n"
                           "  curve: \"roc_curve(z, y, points=7)\"\n"
                           "  precision: \"precision_recall_curve(z, y, points=5)\"\n"
                           "  confusion: confusion_matrix(z, y)\n"
                           "  by_class: \"sum(one_hot(argmax(z, dim=-1), num_classes=3) * 1.0, "
                           "dim=0)\"\n";

Test(metrics, of_rows_are_the_same_in_any_batches) {
    const workspace w = workspace_make();
    static const int sizes[] = {11, 1, 2, 3, 4, 10};
    const options o = {.graph = turned, .metrics = rows, .batch_size = 11};
    yg_train_result result = train(&w, &o, "run");
    yg_scores whole = evaluate(&w, &o, "run", 11);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        yg_scores scores = evaluate(&w, &o, "run", sizes[s]);
        expect_same(&scores, &whole, "eval", sizes[s]);
        yg_scores_free(&scores);
    }
    cr_expect(isfinite(whole.metrics[0].value) && isfinite(whole.metrics[1].value));
    yg_scores_free(&whole);
    yg_train_result_free(&result);
    end(&w);
}

/* With a learning rate of 0, an epoch gives the scores of an evaluation. Only `order` depends on
 * the order of the examples, which is another in training. */
Test(metrics, of_the_training_part_are_exact) {
    const workspace w = workspace_make();
    static const int sizes[] = {11, 1, 3, 4, 10};
    options o = {.graph = turned, .metrics = rows, .batch_size = 11};
    yg_train_result first = train(&w, &o, "run");
    yg_scores whole = evaluate(&w, &o, "run", 11);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        o.batch_size = sizes[s];
        yg_train_result result = train(&w, &o, "run");
        for (size_t i = 0; i < whole.count; i++)
            if (strcmp(whole.metrics[i].name, "order") == 0)
                whole.metrics[i].value = first.training.metrics[i].value;
        expect_same(&result.training, &whole, "train", sizes[s]);
        yg_train_result_free(&result);
    }
    yg_scores_free(&whole);
    yg_train_result_free(&first);
    end(&w);
}

/* Batch normalisation mixes the examples of a batch. What it gives for each is kept. */
Test(metrics, of_the_training_part_are_exact_after_batch_normalisation) {
    const workspace w = workspace_make();
    const options o = {.graph = "  n: {type: batch_norm, input: z}\n",
                       .metrics =
                           "  auc: roc_auc(n, y)\n"
                           "  f1: f1(n, y)\n"
                           "  root: \"sqrt(mse(n, t))\"\n"
                           "  spread: mean(square(n - mean(n)))\n"
                           "  squares: mse(n, t)\n"
                           "  squares_is: {ratio: [sum(square(n - t)), \"sum(0 * t + 1)\"]}\n",
                       .batch_size = 4};
    yg_train_result result = train(&w, &o, "run");
    expect_near(result.training.metrics[4].value, result.training.metrics[5].value, "squares",
                "train", 4);
    expect_near(result.training.metrics[2].value * result.training.metrics[2].value,
                result.training.metrics[5].value, "root", "train", 4);
    for (size_t i = 0; i < result.training.count; i++) {
        cr_expect_not(result.training.metrics[i].of_batches, "%s", result.training.metrics[i].name);
        cr_expect(isfinite(result.training.metrics[i].value));
    }
    yg_train_result_free(&result);
    end(&w);
}

/* Where rows would take too much memory, a metric is a mean over batches, and says so. */
Test(metrics, of_rows_without_memory_say_so) {
    const workspace w = workspace_make();
    const options o = {.metrics = "  auc: roc_auc(z, y)\n"
                                  "  f1: f1(z, y)\n",
                       .data = "  memory: 100\n",
                       .batch_size = 4};
    yg_train_result result = train(&w, &o, "run");
    cr_expect(result.training.metrics[0].of_batches);
    cr_expect_not(result.training.metrics[1].of_batches);
    yg_train_result_free(&result);
    end(&w);
}

static void stop_after(void *context, const yg_train_progress *progress) {
    volatile sig_atomic_t *stop = context;
    *stop = progress->step >= 7 && !progress->epoch_end;
}

static void expect_same_file(const workspace *w, const char *name) {
    char path[64];
    size_t sizes[2];
    snprintf(path, sizeof path, "whole/%s", name);
    char *a = workspace_read(w, path, &sizes[0]);
    snprintf(path, sizeof path, "parts/%s", name);
    char *b = workspace_read(w, path, &sizes[1]);
    cr_expect(sizes[0] == sizes[1] && memcmp(a, b, sizes[0]) == 0, "%s differs:\n%s\n%s", name, a,
              b);
    free(a);
    free(b);
}

/* A checkpoint in the middle of an epoch has the rows so far. */
Test(metrics, an_interrupted_epoch_comes_to_the_same) {
    const workspace w = workspace_make();
    const options o = {
        .graph = turned, .metrics = rows, .batch_size = 2, .lr = "0.05", .epochs = 3};
    yg_train_result result = train(&w, &o, "whole");
    yg_train_result_free(&result);
    yg_model *model = make_model(&w, &o);
    yg_error error = {0};
    volatile sig_atomic_t stop = 0;
    yg_train_options options = {.out = workspace_path(&w, "parts"),
                                .threads = 1,
                                .progress = stop_after,
                                .context = (void *)(uintptr_t)&stop,
                                .stop = &stop};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    cr_expect(result.interrupted && result.steps == 7);
    yg_train_result_free(&result);
    options = (yg_train_options){.out = workspace_path(&w, "parts"), .threads = 1, .resume = true};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    expect_same_file(&w, "history.csv");
    expect_same_file(&w, "metrics.jsonl");
    expect_same_file(&w, "weights.safetensors");
    end(&w);
}

/* Without a validation part, an epoch is judged by its final weights on the training data, by a
 * metric of rows too. Runs that end with an epoch keep its weights. */
Test(metrics, of_rows_choose_the_best_epoch) {
    enum { EPOCHS = 5 };
    const workspace w = workspace_make();
    options o = {.metrics = "  auc: roc_auc(z, y)\n", .lr = "0.3", .batch_size = 3};
    double values[EPOCHS];
    int best = 0;
    o.more = ", keep: last";
    for (int i = 0; i < EPOCHS; i++) {
        o.epochs = i + 1;
        yg_train_result result = train(&w, &o, "run");
        yg_scores scores = evaluate(&w, &o, "run", 4);
        values[i] = scores.metrics[0].value;
        best = values[i] > values[best] ? i : best;
        yg_scores_free(&scores);
        yg_train_result_free(&result);
    }
    o.more = ", early_stopping: {monitor: train.auc, mode: max, patience: 9}";
    yg_train_result result = train(&w, &o, "run");
    yg_scores scores = evaluate(&w, &o, "run", 4);
    cr_expect_eq(result.best_epoch, best + 1, "epoch %d, not %d: %g %g %g %g %g",
                 (int)result.best_epoch, best + 1, values[0], values[1], values[2], values[3],
                 values[4]);
    cr_expect_eq(scores.metrics[0].value, values[best]);
    yg_scores_free(&scores);
    yg_train_result_free(&result);
    end(&w);
}

/* ----------------------------------------------------------------------------------- tables -- */

static const yg_score *find(const yg_scores *scores, const char *name) {
    for (size_t i = 0; i < scores->count; i++)
        if (strcmp(scores->metrics[i].name, name) == 0)
            return &scores->metrics[i];
    cr_assert_fail("no metric '%s'", name);
    return NULL;
}

Test(metrics, tables_have_the_names_of_classes) {
    const workspace w = workspace_make();
    static const char *const classes[] = {"low", "mid", "high"};
    const options o = {.graph = turned, .metrics = rows, .batch_size = 3};
    yg_train_result result = train(&w, &o, "run");
    const yg_score_table *t = find(&result.training, "confusion")->table;
    cr_assert(t && t->rows == 3 && t->columns == 3 && t->row_names && t->column_names);
    cr_expect_str_eq(t->function, "confusion_matrix");
    double sum = 0;
    for (int64_t i = 0; i < 9; i++)
        sum += t->values[i];
    cr_expect_eq(sum, 11, "%g examples", sum);
    cr_expect(isnan(find(&result.training, "confusion")->value));
    for (int i = 0; i < 3; i++) {
        cr_expect_str_eq(t->row_names[i], classes[i]);
        cr_expect_str_eq(t->column_names[i], classes[i]);
    }
    t = find(&result.training, "curve")->table;
    cr_assert(t && t->rows == 7 && t->columns == 4 && !t->row_names && t->column_names);
    cr_expect_str_eq(t->function, "roc_curve");
    cr_expect_str_eq(t->column_names[0], "false_positive_rate");
    cr_expect_str_eq(t->column_names[3], "high");
    cr_expect(t->values[0] == 0 && t->values[24] == 1);
    t = find(&result.training, "by_class")->table;
    cr_assert(t && t->rows == 3 && t->columns == 1 && !t->row_names && !t->column_names);
    cr_expect_str_eq(t->function, "sum");
    yg_train_result_free(&result);
    size_t size;
    char *lines = workspace_read(&w, "run/metrics.jsonl", &size);
    cr_expect(strstr(lines, "\"confusion\": {\"function\": \"confusion_matrix\", \"rows\": "
                            "[\"low\", \"mid\", \"high\"], \"columns\": "
                            "[\"low\", \"mid\", \"high\"], \"values\": [["),
              "%s", lines);
    free(lines);
    char *csv = workspace_read(&w, "run/history.csv", &size);
    cr_expect(strstr(csv, "train.auc") && !strstr(csv, "confusion") && !strstr(csv, "nan"), "%s",
              csv);
    free(csv);
    end(&w);
}

/* One metric with a number for each class is what as many metrics of one class are, in any batches.
 */
Test(metrics, of_each_class_are_a_list_with_names) {
    static const char *const classes[] = {"low", "mid", "high"};
    static const char *const functions[] = {"f1", "precision", "recall"};
    for (int batch = 2; batch <= 11; batch += 3)
        for (size_t f = 0; f < 3; f++) {
            const workspace w = workspace_make();
            char text[400], name[20];
            snprintf(text, sizeof text,
                     "  each: %s(z, y, average=none)\n  low: %s(z, y, class_index=0)\n"
                     "  mid: %s(z, y, class_index=1)\n  high: %s(z, y, class_index=2)\n",
                     functions[f], functions[f], functions[f], functions[f]);
            const options o = {.metrics = text, .batch_size = batch};
            yg_train_result result = train(&w, &o, "run");
            const yg_score_table *t = find(&result.training, "each")->table;
            cr_assert(t && t->rows == 3 && t->columns == 1 && t->row_names && !t->column_names);
            cr_expect_str_eq(t->function, functions[f]);
            for (int i = 0; i < 3; i++) {
                snprintf(name, sizeof name, "%s", classes[i]);
                cr_expect_str_eq(t->row_names[i], classes[i]);
                cr_expect_float_eq(t->values[i], find(&result.training, name)->value, 1e-12,
                                   "%s of %s", functions[f], name);
            }
            yg_train_result_free(&result);
            end(&w);
        }
}

Test(metrics, a_table_is_no_monitor) {
    const workspace w = workspace_make();
    const options o = {.metrics = "  m: confusion_matrix(z, y)\n",
                       .batch_size = 4,
                       .more = ", early_stopping: {monitor: train.m, mode: max, patience: 3}"};
    yg_model *model = make_model(&w, &o);
    yg_error error = {0};
    yg_train_result result;
    const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
    cr_expect_not(yg_train(model, &options, &result, &error));
    cr_expect(strstr(error.message, "is a table"), "%s", error.message);
    yg_train_result_free(&result);
    end(&w);
}

/* --------------------------------------------------------------------------------- sequences ---
 */

/* Batches of sequences differ in length. Rows of an example are kept where they have a size that
 * does not depend on it; others are not, and the metric says so. */
Test(metrics, of_sequences_keep_rows_of_one_size) {
    const workspace w = workspace_make();
    char *rows = NULL;
    size_t size;
    FILE *file = open_memstream(&rows, &size);
    fputs("id,a,b,y\n", file);
    for (int i = 0; i < 12; i++)
        for (int k = 0; k <= i % 5; k++)
            fprintf(file, "%d,%d,%g,%d\n", i, (i * 7 + k * 3) % 5, 0.1 * (i - k), i % 3 == 0);
    fclose(file);
    workspace_write(&w, "t.csv", rows);
    free(rows);
    yg_model *model = workspace_model(
        &w, "sequences.yaml",
        "format: 1\n"
        "inputs: {x: [B, T, 2]}\n"
        "targets: {y: [B, 1]}\n"
        "graph:\n"
        "  h: {type: linear, input: x, out_features: 1}\n"
        "  p: sigmoid(mean(h, dim=1))\n"
        "outputs: [p]\n"
        "loss: bce(p, y)\n"
        "metrics:\n"
        "  auc: \"roc_auc(p, y)\"\n"
        "  spread: mean(square(h - mean(h)))\n"
        "  confusion: \"confusion_matrix(p, y)\"\n"
        "data:\n"
        "  train: {csv: t.csv, x: [a, b], y: y}\n"
        "  sequences: {by: id}\n"
        "train: {epochs: 2, batch_size: 3, dtype: f64, optimizer: {type: sgd, lr: 0}}\n");
    yg_error error = {0};
    yg_train_result result;
    char out[256], weights[300];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    snprintf(weights, sizeof weights, "%s/weights.safetensors", out);
    const yg_train_options options = {.out = out, .threads = 1};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    cr_expect_not(result.training.metrics[0].of_batches);
    cr_expect(result.training.metrics[1].of_batches);
    yg_scores scores;
    const yg_evaluate_options asked = {
        .weights = weights, .batch_size = 4, .dtype = YG_F64, .threads = 1};
    cr_assert(yg_evaluate(model, &asked, &scores, NULL, &error), "%s", error.message);
    expect_near(scores.metrics[0].value, result.training.metrics[0].value, "auc", "eval", 4);
    double sum = 0;
    for (int k = 0; k < 4; k++)
        sum += scores.metrics[2].table->values[k];
    cr_expect_eq(sum, 12);
    yg_scores_free(&scores);
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}

/* ---------------------------------------------------------------------------------- joining -- */

/* The second of each pair is computed from all examples at once. */
Test(metrics, joined_as_the_model_says) {
    const workspace w = workspace_make();
    static const int sizes[] = {11, 1, 3, 4};
    const options o = {.metrics =
                           "  sum: {value: sum(z * t), join: sum}\n"
                           "  sum_is: sum(z * t)\n"
                           "  max: {value: max(z - t), join: max}\n"
                           "  max_is: max(z - t)\n"
                           "  min: {value: \"sum(min(z, dim=1)[0:1]) + min(z)\", join: min}\n"
                           "  min_is: {value: \"sum(min(z, dim=1)[0:1]) + min(z)\", join: "
                           "min}\n"
                           "  mean: {value: \"mean(z * t)\", join: mean}\n"
                           "  mean_is: mean(z * t)\n"
                           "  ratio: {ratio: [sum(z * t), sum(abs(t))]}\n"
                           "  ratio_is: sum(z * t) / sum(abs(t))\n"
                           "  columns: {ratio: [\"sum(z * t, dim=0)\", sum(abs(t))]}\n"
                           "  columns_is: \"sum(z * t, dim=0) / sum(abs(t))\"\n"
                           "  accuracy: accuracy(z, y)\n"
                           "  accuracy_is: accuracy(z, y)\n",
                       .batch_size = 11};
    yg_train_result result = train(&w, &o, "run");
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        yg_scores scores = evaluate(&w, &o, "run", sizes[s]);
        for (size_t i = 0; i < scores.count; i += 2) {
            const yg_score *a = &scores.metrics[i], *b = a + 1;
            cr_expect_not(a->of_batches, "%s", a->name);
            if (!a->table)
                expect_near(a->value, b->value, a->name, "eval", sizes[s]);
            for (int64_t k = 0; a->table && k < a->table->rows; k++)
                expect_near(a->table->values[k], b->table->values[k], a->name, "eval", sizes[s]);
        }
        yg_scores_free(&scores);
    }
    yg_train_result_free(&result);
    end(&w);
}

/* The smallest of the values in batches of 4, 4 and 3, and their sum, are what the model asks for,
 * though they depend on the batches. */
Test(metrics, joined_values_are_those_of_batches) {
    const workspace w = workspace_make();
    const options o = {.metrics = "  count: {value: \"sum(0 * z[:, 0] + 1)\", join: min}\n"
                                  "  batches: {value: \"max(0 * z) + 1\", join: sum}\n"
                                  "  largest: {value: \"sum(0 * z[:, 0] + 1)\", join: max}\n"
                                  "  mean: {value: \"sum(0 * z[:, 0] + 1)\", join: mean}\n"
                                  "  accuracy: accuracy(z, y)\n",
                       .batch_size = 4};
    yg_train_result result = train(&w, &o, "run");
    static const double expected[] = {3, 3, 4, 41.0 / 11};
    for (size_t i = 0; i < 4; i++)
        expect_near(result.training.metrics[i].value, expected[i], result.training.metrics[i].name,
                    "train", 4);
    yg_train_result_free(&result);
    end(&w);
}

/* ------------------------------------------------------------------------------------ units -- */

static const char table[] = "a,b,price\n"
                            "1,2,100\n"
                            "3,-1,2000\n"
                            "0,1,50\n"
                            "2,2,900\n"
                            "-1,1,700\n"
                            "4,0,12000\n"
                            "1,1,1500\n";

static const char units_form[] =
    "format: 1\n"
    "name: units\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  h: {type: linear, input: x, out_features: 1}\n"
    "outputs: {price: {value: h, units: y}}\n"
    "loss: mse(h, y)\n"
    "metrics:\n"
    "  mae: {value: \"mae(h, y)\", units: y}\n"
    "  own: {value: mean(abs(h - y)), units: y}\n"
    "  plain: mae(h, y)\n"
    "  largest: {value: max(h), units: y}\n"
    "  ratio: {ratio: [sum(h), sum(y)], units: y}\n"
    "data:\n"
    "  train: {csv: t.csv, x: [a, b], y: price}\n"
    "%s"
    "train: {epochs: 2, batch_size: 3, seed: 1, optimizer: {type: sgd, lr: 0.01}}\n";

/* What the command predicts, and the table, tell what the metrics must be. */
static void check_units(const char *more, double tolerance) {
    const workspace w = workspace_make();
    char text[2048];
    snprintf(text, sizeof text, units_form, more);
    workspace_write(&w, "t.csv", table);
    yg_model *model = workspace_model(&w, "units.yaml", text);
    yg_error error = {0};
    yg_train_result result;
    char out[256], weights[300];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    snprintf(weights, sizeof weights, "%s/weights.safetensors", out);
    const yg_train_options options = {.out = out, .threads = 1};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    static const double truth[] = {100, 2000, 50, 900, 700, 12000, 1500};
    FILE *in = fopen(workspace_path(&w, "t.csv"), "r");
    char *answers = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&answers, &size);
    const yg_predict_options predict = {.weights = weights, .threads = 1};
    cr_assert(yg_predict(model, &predict, in, "t.csv", to, NULL, &error), "%s", error.message);
    fclose(in);
    fclose(to);
    double sum = 0, largest = -INFINITY, all = 0, known = 0;
    char *line = strchr(answers, '\n') + 1;
    for (size_t i = 0; i < 7; i++) {
        const double price = strtod(line, &line);
        line = strchr(line, '\n') + 1;
        sum += fabs(price - truth[i]) / 7;
        largest = fmax(largest, price);
        all += price;
        known += truth[i];
    }
    free(answers);
    static const int64_t sizes[] = {7, 1, 3};
    for (size_t s = 0; s < 3; s++) {
        yg_scores scores;
        const yg_evaluate_options asked = {.weights = weights, .batch_size = sizes[s]};
        cr_assert(yg_evaluate(model, &asked, &scores, NULL, &error), "%s", error.message);
        const double expected[] = {sum, sum, 0, largest, all / known};
        for (size_t i = 0; i < 5; i++)
            cr_expect(i == 2 || fabs(scores.metrics[i].value - expected[i]) <=
                                    tolerance * fabs(expected[i]),
                      "%s, %s: %.9g, not %.9g", more, scores.metrics[i].name,
                      scores.metrics[i].value, expected[i]);
        yg_scores_free(&scores);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

Test(metrics, are_in_the_units_of_a_target) {
    check_units("", 1e-6);
    check_units("  standardize: [y]\n", 1e-6);
    check_units("  columns: {price: {scale: log}}\n", 1e-6);
    check_units("  columns: {price: {scale: log1p}}\n  standardize: [y]\n", 1e-6);
    check_units("  columns: {price: {scale: quantile}}\n", 1e-6);
    check_units("  columns: {price: {scale: robust}}\n  standardize: [y]\n", 1e-6);
}
