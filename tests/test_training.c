/*
 * Training: that it learns, that it repeats itself to the bit, and that nothing is lost when it is
 * interrupted or fails.
 */
#include "data/source.h"
#include "data/table.h"
#include "graph/number.h"
#include "train/gradients.h"
#include "train/predict.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Batches of 3 examples out of 4, 7 or 10. The last batch is smaller. */
static const char xor_model[] =
    "format: 1\n"
    "name: xor\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  a1: {type: linear, input: x, out_features: 4, activation: tanh}\n"
    "  a2: {type: linear, out_features: 1, activation: sigmoid}\n"
    "outputs: [a2]\n"
    "loss: mean(square(a2 - y))\n"
    "metrics: {error: mean(abs(a2 - y))}\n"
    "data:\n"
    "  train: {x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [[0], [1], [1], [0]]}\n"
    "train: {epochs: 300, batch_size: 3, seed: 1, optimizer: {type: adam, lr: 0.05}}\n";

/* Ten noisy points on a line, with a validation part, dropout, a schedule and momentum. */
static const char line_model[] =
    "format: 1\n"
    "name: line\n"
    "inputs: {x: [B, 1]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  h: {type: linear, input: x, out_features: 8, activation: relu}\n"
    "  d: dropout(h, 0.3)\n"
    "  a: {type: linear, input: d, out_features: 1}\n"
    "outputs: [a]\n"
    "loss: mean(square(a - y))\n"
    "metrics: {error: mean(abs(a - y))}\n"
    "data:\n"
    "  train: {x: [[0], [1], [2], [3], [4], [5], [6], [7], [8], [9]],\n"
    "          y: [[1], [3.1], [5], [6.9], [9], [11], [13], [15.2], [17], [19]]}\n"
    "  validation: {from: train, fraction: 0.2}\n"
    "  test: {from: train, fraction: 0.1}\n"
    "  standardize: [x]\n"
    "train:\n"
    "  epochs: 12\n"
    "  batch_size: 3\n"
    "  seed: 7\n"
    "  optimizer: {type: sgd, lr: 0.01, momentum: 0.9}\n"
    "  schedule: {type: cosine, warmup_steps: 4}\n"
    "  clip_grad_norm: 5\n";

/* Results are kept, so that a test may compare several. They live as long as the process. */
static yg_train_result kept[64];

static yg_train_result train(const yg_model *model, yg_train_options options) {
    static size_t count;
    yg_error error = {0};
    yg_train_result result;
    options.threads = options.threads ? options.threads : 1;
    cr_assert(yg_train(model, &options, &result, &error), "%s: %s", error.file, error.message);
    cr_assert_lt(count, sizeof kept / sizeof *kept);
    kept[count++] = result;
    return result;
}

static void expect_moved(const yg_model *model, yg_train_options options, const char *moved) {
    const yg_train_result result = train(model, options);
    if (moved)
        cr_expect_str_eq(result.moved, moved);
    else
        cr_expect_null(result.moved);
}

static void expect_same(const workspace *w, const char *a, const char *b) {
    size_t size_a, size_b;
    char *bytes_a = workspace_read(w, a, &size_a), *bytes_b = workspace_read(w, b, &size_b);
    cr_expect(size_a == size_b && memcmp(bytes_a, bytes_b, size_a) == 0, "%s and %s differ", a, b);
    free(bytes_a);
    free(bytes_b);
}

Test(training, learns_xor_and_predicts_it) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "xor.yaml", xor_model);
    const char *out = workspace_path(&w, "run");
    const yg_train_result result = train(model, (yg_train_options){.out = out});
    cr_assert_lt(result.training.loss, 0.01, "%g", result.training.loss);
    cr_assert_eq(result.steps, 600);
    cr_assert_eq(result.parameters, 17);
    cr_assert_str_eq(result.training.metrics[0].name, "error");
    yg_error error = {0};
    yg_scores scores;
    const char *split;
    char weights[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    cr_assert(
        yg_evaluate(model, &(yg_evaluate_options){.weights = weights}, &scores, &split, &error),
        "%s", error.message);
    cr_assert_str_eq(split, "train");
    cr_assert_eq(scores.examples, 4);
    cr_assert_lt(scores.loss, 0.01);
    yg_scores_free(&scores);

    workspace_write(&w, "in.csv", "p,q\n0,0\n0,1\n1,0\n1,1\n");
    FILE *in = fopen(workspace_path(&w, "in.csv"), "rb");
    FILE *answer = fopen(workspace_path(&w, "out.csv"), "wb");
    int64_t rows;
    cr_assert(yg_predict(model, &(yg_predict_options){.weights = weights, .batch_size = 3}, in,
                         "in.csv", answer, &rows, &error),
              "%s", error.message);
    fclose(in);
    fclose(answer);
    cr_assert_eq(rows, 4);
    FILE *back = fopen(workspace_path(&w, "out.csv"), "rb");
    const yg_table_request request = {.file = back, .name = "out.csv"};
    yg_table *table = yg_table_open(&yg_table_csv, &request, &error);
    cr_assert_str_eq(table->columns[0], "a2");
    static const double expected[] = {0, 1, 1, 0};
    for (int i = 0; i < 4; i++) {
        double value;
        yg_records records;
        cr_assert_eq(yg_table_next(table, 1, false, &records, &error), 1);
        cr_assert(yg_number_parse(records.cells->text, records.cells->size, &value));
        cr_expect_lt(fabs(value - expected[i]), 0.2, "%g", value);
    }
    yg_table_close(table);
    fclose(back);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(training, the_same_seed_gives_the_same_bytes_whatever_the_threads) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "line.yaml", line_model);
    train(model, (yg_train_options){.out = workspace_path(&w, "a")});
    train(model, (yg_train_options){.out = workspace_path(&w, "b"), .threads = 2});
    train(model, (yg_train_options){.out = workspace_path(&w, "c"), .has_seed = true, .seed = 8});
    expect_same(&w, "a/weights.safetensors", "b/weights.safetensors");
    expect_same(&w, "a/checkpoint.safetensors", "b/checkpoint.safetensors");
    expect_same(&w, "a/history.csv", "b/history.csv");
    expect_same(&w, "a/loss.svg", "b/loss.svg");
    expect_same(&w, "a/model.yaml", "line.yaml");
    size_t size_a, size_c;
    char *a = workspace_read(&w, "a/weights.safetensors", &size_a);
    char *c = workspace_read(&w, "c/weights.safetensors", &size_c);
    cr_assert(size_a != size_c || memcmp(a, c, size_a) != 0, "another seed, the same weights");
    free(a);
    free(c);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Sets the stop flag after a number of steps. */
typedef struct stopper {
    volatile sig_atomic_t stop;
    int64_t after;
} stopper;

static void stop_after(void *context, const yg_train_progress *progress) {
    stopper *s = context;
    if (!progress->epoch_end && progress->step == s->after)
        s->stop = 1;
}

static void check_resumed(const char *text) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "line.yaml", text);
    const yg_train_result whole =
        train(model, (yg_train_options){.out = workspace_path(&w, "whole")});
    cr_assert_eq(whole.steps, 36); /* 7 examples in 3 steps, 12 times */
    cr_assert_eq(whole.train_examples, 7);
    cr_assert(whole.has_validation && whole.has_test);
    /* In mid-epoch, at an epoch's end, before the first one's end, at the last step but one. */
    static const int64_t stops[] = {17, 18, 1, 35};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        char out[256], path[64];
        snprintf(path, sizeof path, "part%zu", i);
        snprintf(out, sizeof out, "%s", workspace_path(&w, path));
        stopper s = {0, stops[i]};
        const yg_train_result part = train(
            model,
            (yg_train_options){.out = out, .progress = stop_after, .context = &s, .stop = &s.stop});
        cr_assert(part.interrupted);
        cr_assert_eq(part.steps, stops[i]);
        const yg_train_result rest = train(model, (yg_train_options){.out = out, .resume = true});
        cr_assert_not(rest.interrupted);
        cr_assert_eq(rest.steps, 36);
        cr_assert_eq(rest.best_epoch, whole.best_epoch);
        cr_assert_eq(rest.test.loss, whole.test.loss);
        static const char *const files[] = {"weights.safetensors", "checkpoint.safetensors",
                                            "history.csv", "loss.svg"};
        for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
            char a[128], b[128];
            snprintf(a, sizeof a, "whole/%s", files[f]);
            snprintf(b, sizeof b, "%s/%s", path, files[f]);
            expect_same(&w, a, b);
        }
    }
    yg_model_free(model);
    workspace_remove(&w);
}

Test(training, a_resumed_run_equals_an_uninterrupted_one) {
    check_resumed(line_model);
}

/* Replaces `from`, which must occur exactly once. */
static void replace(char *text, size_t size, const char *from, const char *to) {
    char *at = strstr(text, from), rest[2000];
    cr_assert_not_null(at, "%s", from);
    snprintf(rest, sizeof rest, "%s", at + strlen(from));
    snprintf(at, size - (size_t)(at - text), "%s%s", to, rest);
}

/* The examples are in a file, an example a block, and a thread reads ahead in it. */
Test(training, from_a_file_is_the_same_with_threads_and_after_an_interruption) {
    const workspace w = workspace_make();
    char text[2000];
    snprintf(text, sizeof text, "%s", line_model);
    replace(text, sizeof text, "  standardize: [x]\n", "  standardize: [x]\n  memory: 1\n");
    check_resumed(text);
    yg_model *model = workspace_model(&w, "line.yaml", text);
    train(model, (yg_train_options){.out = workspace_path(&w, "a")});
    train(model, (yg_train_options){.out = workspace_path(&w, "b"), .threads = 2});
    expect_same(&w, "a/weights.safetensors", "b/weights.safetensors");
    expect_same(&w, "a/history.csv", "b/history.csv");
    yg_model_free(model);
    workspace_remove(&w);
}

Test(training, a_checkpoint_of_another_run_is_refused_and_what_differs_is_named) {
    static const struct {
        const char *from, *to, *change; /* NULL: the run may go on */
    } cases[] = {
        {"seed: 7", "seed: 99", ":\n  seed was 7, is 99\n"},
        {"batch_size: 3", "batch_size: 2", ":\n  batch_size was 3, is 2\n"},
        {"momentum: 0.9", "momentum: 0.8", ":\n  momentum was 0.9, is 0.8\n"},
        {"sgd, lr: 0.01, momentum: 0.9", "adam, lr: 0.01",
         ":\n  optimizer was sgd, is adam\n  betas was not set, is 0.9, 0.999\n"},
        {"clip_grad_norm: 5", "dtype: f64",
         ":\n  dtype was f32, is f64\n  clip_grad_norm was 5, is 0\n"},
        {"fraction: 0.2", "fraction: 0.3",
         ":\n  training_examples was 7, is 6\n  validation_examples was 2, is 3\n"},
        {"  standardize: [x]", "  transform: {x: x / 2}",
         ":\n  transform.x was not set, is x / 2\n  training_data was "},
        {"  standardize: [x]", "  transform: {x: x / 2}",
         "\n  standardize.x was true, is not set\n"},
        {"  standardize: [x]", "  standardize: [x]\n  seed: 3",
         ":\n  data.seed was not set, is 3\n  training_data was "},
        {"[9]]", "[10]]", ":\n  training_data was "},
        {"activation: relu", "activation: tanh", ":\n  graph.h.y was relu("},
        {"dropout(h, 0.3)", "dropout(h, 0.2)", ":\n  graph.d was dropout("},
        {"mean(square(a - y))", "mean(abs(a - y))", ":\n  loss was mean(square("},
        {"error: mean(abs(a - y))", "other: mean(abs(a - y))",
         ":\n  metrics.other was not set, is "},
        {"out_features: 8", "out_features: 9", ":\n  params.h.weight was {shape: [8, 1]"},
        {"name: line", "name: renamed", NULL},
        {"lr: 0.01", "lr: 0.02", NULL},
        {"type: cosine, warmup_steps: 4", "type: constant", NULL},
        {"epochs: 12", "epochs: 13", NULL},
    };
    const workspace w = workspace_make();
    char out[256], text[2000];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    yg_model *model = workspace_model(&w, "line.yaml", line_model);
    train(model, (yg_train_options){.out = out});
    yg_model_free(model);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_error error = {0};
        yg_train_result result;
        snprintf(text, sizeof text, "%s", line_model);
        replace(text, sizeof text, cases[i].from, cases[i].to);
        model = workspace_model(&w, "line.yaml", text);
        const yg_train_options options = {.out = out, .threads = 1, .resume = true};
        cr_expect_eq(yg_train(model, &options, &result, &error), !cases[i].change, "%s: %s",
                     cases[i].to, error.message);
        yg_train_result_free(&result);
        cr_expect(!cases[i].change || strstr(error.message, cases[i].change), "%s: %s", cases[i].to,
                  error.message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* The best weights were best on these validation examples, not on others. */
Test(training, a_run_goes_on_with_the_validation_examples_that_it_had) {
    static const char model_text[] = "format: 1\n"
                                     "inputs: {x: [B, 1]}\n"
                                     "targets: {y: [B, 1]}\n"
                                     "graph:\n"
                                     "  h: {type: linear, input: x, out_features: 1}\n"
                                     "outputs: [h]\n"
                                     "loss: mse(h, y)\n"
                                     "data:\n"
                                     "  train: {x: [[1], [2]], y: [[2], [4]]}\n"
                                     "  validation: {csv: v.csv, x: x, y: y}\n"
                                     "train: {epochs: %d, optimizer: {type: sgd, lr: 0.01}}\n";
    static const struct {
        const char *rows;
        bool goes_on;
    } cases[] = {{"x,y\n3,6\n", true}, {"x,y\n3,7\n", false}, {"x,y\n4,6\n", false}};
    const workspace w = workspace_make();
    char out[256], text[600];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    workspace_write(&w, "v.csv", cases[0].rows);
    for (int i = -1; i < (int)(sizeof cases / sizeof *cases); i++) {
        yg_error error = {0};
        yg_train_result result;
        snprintf(text, sizeof text, model_text, i + 3);
        workspace_write(&w, "v.csv", cases[i < 0 ? 0 : i].rows);
        yg_model *model = workspace_model(&w, "v.yaml", text);
        const yg_train_options options = {.out = out, .threads = 1, .resume = i >= 0};
        const bool good = yg_train(model, &options, &result, &error);
        cr_expect_eq(good, i < 0 || cases[i].goes_on, "case %d: %s", i, error.message);
        cr_expect(good || strstr(error.message, "\n  validation_data was "), "%s", error.message);
        yg_train_result_free(&result);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(training, an_older_run_is_kept_and_strangers_are_not_touched) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "xor.yaml", xor_model);
    char out[256], slash[300];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    snprintf(slash, sizeof slash, "%s/", out);
    yg_train_options options = {.out = out, .has_epochs = true, .epochs = 2};
    expect_moved(model, options, NULL);
    options.out = slash;
    expect_moved(model, options, workspace_path(&w, "run-1"));
    expect_moved(model, options, workspace_path(&w, "run-2"));
    cr_assert(workspace_has(&w, "run-1/weights.safetensors"));
    cr_assert(workspace_has(&w, "run-2/weights.safetensors"));
    workspace_write(&w, "run/notes.txt", "mine");
    yg_error error = {0};
    yg_train_result result;
    cr_assert_not(yg_train(model, &options, &result, &error));
    yg_train_result_free(&result);
    cr_expect_not_null(strstr(error.message, "notes.txt"), "%s", error.message);
    cr_assert(workspace_has(&w, "run/weights.safetensors"));
    yg_model_free(model);
    workspace_remove(&w);
}

Test(training, a_loss_that_is_not_finite_stops_the_run_and_keeps_what_was_reached) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "xor.yaml",
                                      "format: 1\n"
                                      "name: explodes\n"
                                      "inputs: {x: [B, 1]}\n"
                                      "targets: {y: [B, 1]}\n"
                                      "graph:\n"
                                      "  a: {type: linear, input: x, out_features: 1}\n"
                                      "outputs: [a]\n"
                                      "loss: mean(square(a - y))\n"
                                      "data: {train: {x: [[1], [2]], y: [[3], [1]]}}\n"
                                      "train: {epochs: 1000, optimizer: {type: sgd, lr: 10}}\n");
    yg_error error = {0};
    yg_train_result result;
    const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
    cr_assert_not(yg_train(model, &options, &result, &error));
    cr_expect_gt(result.steps, 1);
    yg_train_result_free(&result);
    cr_expect_eq(error.code, YG_ERROR_NUMERIC);
    cr_expect_not_null(strstr(error.message, " after step "), "%s", error.message);
    cr_expect_not_null(strstr(error.message, "learning rate 10"), "%s", error.message);
    cr_expect(workspace_has(&w, "run/weights.safetensors"));
    yg_scores scores;
    yg_error none = {0};
    char weights[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    cr_expect(yg_evaluate(model, &(yg_evaluate_options){.weights = weights}, &scores, NULL, &none),
              "%s", none.message);
    cr_expect(isfinite(scores.loss));
    yg_scores_free(&scores);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(training, partial_batches_count_by_their_size) {
    /* With a learning rate of 0 the epoch's loss is the loss of all examples, whatever the batch.
     */
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "xor.yaml", xor_model);
    yg_train_options options = {.out = workspace_path(&w, "run"),
                                .has_lr = true,
                                .lr = 0,
                                .has_epochs = true,
                                .epochs = 1,
                                .has_dtype = true,
                                .dtype = YG_F64,
                                .has_batch_size = true,
                                .batch_size = 4};
    const yg_train_result whole = train(model, options);
    for (options.batch_size = 1; options.batch_size < 4; options.batch_size++) {
        const yg_train_result parts = train(model, options);
        cr_expect_float_eq(parts.training.loss, whole.training.loss, 1e-14);
        cr_expect_float_eq(parts.training.metrics[0].value, whole.training.metrics[0].value, 1e-14);
        cr_expect_eq(parts.steps, options.batch_size == 1 ? 4 : 2);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

static void count_best(void *context, const yg_train_progress *now) {
    *(int *)context += now->epoch_end && now->best;
}

/* The first epoch has the best score. With `keep: last` none is called the best. */
Test(training, keeps_the_best_or_the_last_weights) {
    const workspace w = workspace_make();
    static const char *const keeps[] = {"", "  keep: best\n", "  keep: last\n"};
    double scores[3];
    for (int i = 0; i < 3; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "name: keeps\n"
                 "inputs: {x: [B, 1]}\n"
                 "targets: {y: [B, 1]}\n"
                 "params: {w: {shape: [1], init: zeros}}\n"
                 "graph:\n"
                 "  a: x * w\n"
                 "outputs: [a]\n"
                 "loss: mean(square(a - y))\n"
                 "data:\n"
                 "  train: {x: [[1], [2]], y: [[3], [6]]}\n"
                 "  validation: {x: [[1], [2]], y: [[-9], [-9]]}\n"
                 "train:\n"
                 "  epochs: 6\n"
                 "%s"
                 "  optimizer: {type: sgd, lr: 0.05}\n",
                 keeps[i]);
        yg_model *model = workspace_model(&w, "t.yaml", text);
        int best = 0;
        yg_train_options options = {
            .out = workspace_path(&w, "run"), .progress = count_best, .context = &best};
        const yg_train_result result = train(model, options);
        cr_expect_eq(result.best_epoch, i == 2 ? 6 : 1, "epoch %d", (int)result.best_epoch);
        cr_expect_eq(best, i == 2 ? 0 : 1, "%d epochs are the best", best);
        scores[i] = result.validation.loss;
        options.resume = true;
        const yg_train_result again = train(model, options);
        cr_expect_eq(again.best_epoch, result.best_epoch);
        cr_expect_eq(again.validation.loss, result.validation.loss);
        yg_model_free(model);
    }
    cr_expect_eq(scores[0], scores[1]);
    cr_expect_gt(scores[2], scores[1]);
    workspace_remove(&w);
}

Test(training, weights_to_start_from_must_fit) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "xor.yaml", xor_model);
    yg_model *line = workspace_model(&w, "line.yaml", line_model);
    char weights[256];
    yg_train_options options = {.out = workspace_path(&w, "run")};
    const yg_train_result first = train(model, options);
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    options = (yg_train_options){.out = workspace_path(&w, "more"),
                                 .weights = weights,
                                 .has_epochs = true,
                                 .epochs = 1,
                                 .has_lr = true,
                                 .lr = 0};
    cr_assert_lt(train(model, options).training.loss, 2 * first.training.loss);
    yg_error error = {0};
    yg_train_result result;
    cr_assert_not(yg_train(line, &options, &result, &error));
    yg_train_result_free(&result);
    cr_expect_not_null(strstr(error.message, "is no parameter of this model"), "%s", error.message);
    yg_model_free(model);
    yg_model_free(line);
    workspace_remove(&w);
}

Test(training, gradients_agree_with_central_differences) {
    const workspace w = workspace_make();
    static const char *const texts[] = {xor_model, line_model};
    for (size_t i = 0; i < 2; i++) {
        yg_model *model = workspace_model(&w, "m.yaml", texts[i]);
        yg_error error = {0};
        yg_gradient_checks checks;
        cr_assert(yg_check_gradients(model, NULL, &checks, &error), "%s", error.message);
        cr_expect(checks.passed);
        cr_assert_eq(checks.count, 4);
        for (size_t p = 0; p < checks.count; p++) {
            cr_expect_eq(checks.parameters[p].compared, checks.parameters[p].elements);
            cr_expect_lt(checks.parameters[p].worst, 1e-7, "%s", checks.parameters[p].name);
        }
        yg_gradient_checks_free(&checks);
        yg_gradients gradients;
        cr_assert(
            yg_loss_gradients(model, &(yg_gradients_options){.dtype = YG_F64}, &gradients, &error));
        cr_assert_eq(gradients.count, 4);
        cr_expect(isfinite(gradients.loss) && gradients.loss > 0);
        yg_gradients_free(&gradients);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
