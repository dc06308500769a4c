/*
 * A loss that is not finite: the node that it comes from, told with its place and the step at which
 * it went wrong.
 */
#include "data/safetensors.h"
#include "train/gradients.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Line 7 is `h`, line 8 `s`, line 10 the loss. */
static const char model_text[] = "format: 1\n"
                                 "name: fails\n"
                                 "inputs: {x: [B, 2]}\n"
                                 "targets: {y: [B, 1]}\n"
                                 "params: {w: {shape: [2, 1], init: {type: constant, value: %s}}}\n"
                                 "graph:\n"
                                 "  h: x @ w\n"
                                 "  s: %s\n"
                                 "outputs: [s]\n"
                                 "loss: %s\n"
                                 "metrics: {hopeless: mean(log(0 * y))}\n"
                                 "data:\n"
                                 "  train: {x: [[1, 2], [2, -3], [0, 0]], y: [[1], [2], [3]]}\n"
                                 "train:\n"
                                 "  epochs: 300\n"
                                 "  batch_size: 2\n"
                                 "  optimizer: {type: sgd, lr: %s}\n";

static const struct {
    const char *weight, *node, *loss, *lr;
    int line, column;
    const char *message, *cause, *advice;
} cases[] = {
    /* The square of a finite difference overflows, after some steps. */
    {"0.5", "h + 0", "mean(square(s - y))", "10", 10, 12,
     "the loss of the training part is infinite after step 12 (epoch 6, learning rate 10)",
     "begins in batch 0 of that part, counted from 0: a node (square, ", "a lower learning rate"},
    /* Untrained: the operator's domain. Of -inf and NaN in the loss, the node is the first. */
    {"0.5", "log(h)", "mean(square(s - y))", "0.1", 8, 6, "at step 1 (epoch 1, learning rate 0.1)",
     "begins at step 1: 's' (log, ", "where the operator is defined"},
    /* The loss is finite when its gradient is not, and a step later it is not either. */
    {"0.5", "sqrt(h * h)", "mean(square(s - y))", "0.1", 8, 6, "the loss is not a number at step ",
     "among the gradients", "where the derivative is infinite"},
    /* The mask's infinity ends in the softmax: the source is what comes after. */
    {"20", "where(h > 0, h, log(0 * y))",
     "mean(square(softmax(concat([s, y], dim=1), dim=1))) + mean(exp(h * h))", "0.1", 10, 66,
     "the loss is infinite at step 1", "begins at step 1: a node (exp, ", "`standardize`"},
};

Test(not_finite, the_first_node_that_is_not_finite_is_named_with_its_place) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000];
        snprintf(text, sizeof text, model_text, cases[i].weight, cases[i].node, cases[i].loss,
                 cases[i].lr);
        yg_model *model = workspace_model(&w, "t.yaml", text);
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        yg_error error = {0};
        yg_train_result result;
        cr_assert_not(yg_train(model, &options, &result, &error), "case %zu", i);
        yg_train_result_free(&result);
        cr_expect_eq(error.code, YG_ERROR_NUMERIC);
        cr_expect(error.line == cases[i].line && error.column == cases[i].column,
                  "case %zu: %d:%d: %s", i, error.line, error.column, error.message);
        cr_expect_not_null(strstr(error.message, cases[i].message), "case %zu: %s", i,
                           error.message);
        cr_expect_not_null(strstr(error.message, cases[i].cause), "case %zu: %s", i, error.message);
        cr_expect_not_null(strstr(error.message, cases[i].advice), "case %zu: %s", i,
                           error.message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

static void stop_early(void *context, const yg_train_progress *progress) {
    volatile sig_atomic_t *stop = context;
    *stop = progress->step >= 8;
}

/* Cuts a message before the files that it names, which differ with the folder. */
static void cut(char *message) {
    char *end = strstr(message, "\nthe batch and the weights are kept");
    cr_assert_not_null(end, "%s", message);
    *end = '\0';
}

/* The search starts again from the checkpoint. Its result must not depend on where that is. */
Test(not_finite, a_resumed_run_fails_with_the_same_words) {
    const workspace w = workspace_make();
    char text[1000], out[256];
    snprintf(text, sizeof text, model_text, cases[0].weight, cases[0].node, cases[0].loss,
             cases[0].lr);
    yg_model *model = workspace_model(&w, "t.yaml", text);
    yg_error whole = {0}, rest = {0};
    yg_train_result result;
    yg_train_options options = {.out = workspace_path(&w, "whole"), .threads = 1};
    cr_assert_not(yg_train(model, &options, &result, &whole));
    yg_train_result_free(&result);

    volatile sig_atomic_t stop = 0;
    snprintf(out, sizeof out, "%s", workspace_path(&w, "part"));
    options = (yg_train_options){.out = out,
                                 .threads = 1,
                                 .progress = stop_early,
                                 .context = (void *)(uintptr_t)&stop,
                                 .stop = &stop};
    cr_assert(yg_train(model, &options, &result, &rest), "%s", rest.message);
    cr_assert(result.interrupted && result.steps == 8);
    yg_train_result_free(&result);
    options = (yg_train_options){.out = out, .threads = 1, .resume = true};
    cr_assert_not(yg_train(model, &options, &result, &rest));
    yg_train_result_free(&result);
    cut(rest.message);
    cut(whole.message);
    cr_expect_str_eq(rest.message, whole.message);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Trains a model that fails, with rows.csv beside it; returns the message. */
static const char *failure_of(const workspace *w, const char *text) {
    static char message[1300];
    yg_model *model = workspace_model(w, "t.yaml", text);
    const yg_train_options options = {.out = workspace_path(w, "run"), .threads = 1};
    yg_error error = {0};
    yg_train_result result;
    cr_assert_not(yg_train(model, &options, &result, &error));
    yg_train_result_free(&result);
    yg_model_free(model);
    cr_assert_eq(error.code, YG_ERROR_NUMERIC, "%s", error.message);
    snprintf(message, sizeof message, "%s", error.message);
    return message;
}

static void expect_told(const char *message, const char *part) {
    cr_expect_not_null(strstr(message, part), "no '%s' in: %s", part, message);
}

static const char log_text[] =
    "format: 1\n"
    "name: fails\n"
    "inputs: {x: [B, %s]}\n"
    "targets: {y: [B, 1]}\n"
    "params: {w: {shape: [], init: {type: constant, value: 1}}}\n"
    "graph:\n"
    "  h: x * w\n"
    "  s: %s\n"
    "outputs: [s]\n"
    "loss: %s\n"
    "data:\n"
    "  train: {csv: rows.csv, x: [%s], y: y}\n"
    "  columns: {a: {missing: drop}}\n"
    "train: {epochs: 1, batch_size: 8, optimizer: {type: sgd, lr: 0.1}}\n";

/* Line 4 has no value, and is left out; line 6 has the logarithm's -2. */
static const char rows[] = "a,b,c,y\n1,1,1,1\n1,2,3,1\n,1,1,1\n2,1,4,1\n2,-2,3,1\n1,1,7,1\n";

static const struct {
    const char *width, *node, *loss, *columns;
    const char *told[4];
} examples[] = {
    {"2",
     "log(h)",
     "mean(square(sum(s, dim=1, keepdim=true) - y))",
     "a, b",
     {"'s' (log, ", "\n  operand 'h': from -2 to 2\n", "\nin example ", "rows.csv:6\n"}},
    /* Examples and elements in one dimension: the guess is right … */
    {"3",
     "log(flatten(h, start_dim=0))",
     "mean(s) + mean(y)",
     "a, b, c",
     {"'s' (log, ", ": from -2 to 7\n", "\nin example ", "rows.csv:6\n"}},
    /* … or it is not, and no example is told. */
    {"3",
     "log(flatten(permute(h, [1, 0]), start_dim=0))",
     "mean(s) + mean(y)",
     "a, b, c",
     {"'s' (log, ", ": from -2 to 7\n", "\ntry ", "yamlgrad grad "}},
    /* A sum over the batch: its largest operand is a guess. */
    {"2",
     "h * 1e38",
     "mean(square(sum(s) * 1e-30 - y))",
     "a, b",
     {"a node (sum, ", "\n  operand 's': from -2e+38 to 2e+38\n",
      "\nits largest operand is that of example ", "rows.csv:"}},
};

Test(not_finite, operands_and_the_example_are_told_with_its_row) {
    const workspace w = workspace_make();
    workspace_write(&w, "rows.csv", rows);
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        char text[1000];
        snprintf(text, sizeof text, log_text, examples[i].width, examples[i].node, examples[i].loss,
                 examples[i].columns);
        const char *message = failure_of(&w, text);
        for (size_t k = 0; k < 4; k++)
            expect_told(message, examples[i].told[k]);
        cr_expect_eq(strstr(message, "in example") != NULL, i < 2, "case %zu: %s", i, message);
    }
    workspace_remove(&w);
}

/* The command that the message names computes the same loss from the files alone. */
Test(not_finite, the_batch_and_the_weights_are_kept) {
    const workspace w = workspace_make();
    char text[1000];
    workspace_write(&w, "rows.csv", rows);
    snprintf(text, sizeof text, log_text, "2", "log(h)", "mean(s) + mean(y)", "a, b");
    expect_told(failure_of(&w, text), "/run/failed/model.yaml --weights ");

    yg_error error = {0};
    yg_model *model = yg_model_load(workspace_path(&w, "run/failed/model.yaml"), NULL, &error);
    cr_assert_not_null(model, "%s", error.message);
    yg_gradients_options options = {.threads = 1};
    char weights[200];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/failed/weights.safetensors"));
    options.weights = weights;
    yg_gradients gradients;
    cr_assert(yg_loss_gradients(model, &options, &gradients, &error), "%s", error.message);
    cr_expect(isnan(gradients.loss));
    yg_gradients_free(&gradients);
    yg_model_free(model);

    yg_tensor_file batch = {0};
    cr_assert(
        yg_safetensors_read(workspace_path(&w, "run/failed/batch.safetensors"), &batch, &error));
    const yg_tensor *x = yg_tensor_find(&batch, "x");
    cr_assert(x && x->type.rank == 2 && x->type.shape[0] == 5 && x->type.shape[1] == 2);
    double sum = 0;
    for (int64_t i = 0; i < 10; i++)
        sum += yg_element_get(x->type.dtype, x->data, i);
    cr_expect_eq(sum, 10); /* of all rows but the one that is left out */
    yg_tensor_file_free(&batch);
    workspace_remove(&w);
}

/* The last step has a finite loss, and nobody would see what it makes of the parameters. */
Test(not_finite, parameters_that_are_not_finite_are_noticed_where_the_loss_is) {
    static const char *const lengths[] = {"epochs: 1", "steps: 1"};
    const workspace w = workspace_make();
    for (size_t i = 0; i < 2; i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "name: fails\n"
                 "inputs: {x: [B]}\n"
                 "params: {w: {shape: [], init: zeros}, v: {shape: [], init: zeros}}\n"
                 "graph: {s: sqrt(w * w)}\n"
                 "outputs: [s]\n"
                 "loss: mean(square(x + v)) + s\n"
                 "data: {train: {x: [1, 2, 3, 4]}}\n"
                 "train: {%s, batch_size: %s, keep: last, optimizer: {type: sgd, lr: 0.1}}\n",
                 lengths[i], i ? "2" : "4");
        const char *message = failure_of(&w, text);
        expect_told(message, "parameters are no longer finite after step 1\n");
        expect_told(message, "among the gradients is ");
        cr_expect_not(workspace_has(&w, "run/checkpoint.safetensors"));
        cr_expect_not(workspace_has(&w, "run/weights.safetensors"));
    }
    workspace_remove(&w);
}

/* A failure in the first step leaves an older run as it was: what it failed with stands beside it.
 */
Test(not_finite, an_older_run_stays_in_its_folder) {
    const workspace w = workspace_make();
    char text[1000];
    workspace_write(&w, "rows.csv", rows);
    snprintf(text, sizeof text, log_text, "2", "h", "mean(s) + mean(y)", "a, b");
    yg_model *model = workspace_model(&w, "good.yaml", text);
    const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
    yg_error error = {0};
    yg_train_result result;
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    snprintf(text, sizeof text, log_text, "2", "log(h)", "mean(s) + mean(y)", "a, b");
    expect_told(failure_of(&w, text), "/run-failed/model.yaml --weights ");
    cr_expect(workspace_has(&w, "run/weights.safetensors"));
    cr_expect_not(workspace_has(&w, "run/failed"));
    cr_expect(workspace_has(&w, "run-failed/batch.safetensors"));
    cr_expect(workspace_has(&w, "run-failed/weights.safetensors"));
    cr_expect_not(workspace_has(&w, "run-1"));
    /* The next run takes the older one aside. */
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    yg_model_free(model);
    cr_expect(workspace_has(&w, "run-1/weights.safetensors"));
    cr_expect_not(workspace_has(&w, "run-1/failed"));
    cr_expect_not(workspace_has(&w, "run/failed"));
    workspace_remove(&w);
}

/* ------------------------------------------------------------------------- where data stand --- */

/* In each, the only value that has no logarithm is -5. */
static const struct {
    const char *shape, *data, *told;
} places[] = {
    {"[B, 2]", "train: {csv: t.csv, x: [a, b], y: y}", "t.csv:2002\n"},
    /* In a file, because it is too large. */
    {"[B, 2]", "memory: 10 KB, train: {csv: t.csv, x: [a, b], y: y}", "t.csv:2002\n"},
    {"[B, 2]", "train: {jsonl: t.jsonl, x: [a, b], y: y}", "t.jsonl:2\n"},
    /* The second file, and a row that is left out before it. */
    {"[B, 2]", "train: {csv: [h.csv, u.csv], x: [a, b], y: y}, columns: {a: {missing: drop}}",
     "u.csv:4\n"},
    /* The row at which the sequence begins: that of g = 2. */
    {"[B, T, 2]", "train: {csv: g.csv, x: [a, b], y: y}, sequences: {by: g}", "g.csv:4\n"},
    /* The row at which the window begins. */
    {"[B, 2, 2]",
     "train: {csv: w.csv, x: [a, b], y: y}, windows: {length: 2, horizon: 1, stride: 2}",
     "w.csv:4\n"},
    {"[B, 2]", "train: {x: [[1, 1], [1, -5]], y: [1, 2]}", "t.yaml:10:"},
};

static void write_places(const workspace *w) {
    static char text[40000];
    size_t used = (size_t)snprintf(text, sizeof text, "a,b,y\n");
    for (int i = 0; i < 3000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,1,1\n", i == 2000 ? -5 : 1);
    workspace_write(w, "t.csv", text);
    workspace_write(w, "t.jsonl",
                    "{\"a\": 1, \"b\": 1, \"y\": 1}\n{\"a\": -5, \"b\": 1, \"y\": 1}\n");
    workspace_write(w, "h.csv", "a,b,y\n1,1,1\n2,1,1\n");
    workspace_write(w, "u.csv", "y,b,a\n1,1,\n1,1,1\n1,-5,1\n");
    workspace_write(w, "g.csv", "g,a,b,y\n1,1,1,1\n1,2,1,1\n2,1,1,1\n2,1,-5,1\n3,1,1,1\n");
    workspace_write(w, "w.csv", "a,b,y\n1,1,1\n2,1,2\n3,1,3\n4,-5,4\n5,1,5\n6,1,6\n");
}

Test(not_finite, the_row_is_told_for_each_kind_of_data) {
    const workspace w = workspace_make();
    write_places(&w);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "name: fails\n"
                 "inputs: {x: %s}\n"
                 "targets: {y: [B]}\n"
                 "params: {v: {shape: [], init: {type: constant, value: 1}}}\n"
                 "graph:\n"
                 "  s: log(x * v)\n"
                 "outputs: [s]\n"
                 "loss: mean(s) + 0 * mean(y)\n"
                 "data: {%s}\n"
                 "train: {epochs: 1, batch_size: 4, optimizer: {type: sgd, lr: 1e-9}}\n",
                 places[i].shape, places[i].data);
        expect_told(failure_of(&w, text), places[i].told);
    }
    workspace_remove(&w);
}

/* A place that cannot be written to is told, and the failure still is. */
Test(not_finite, a_batch_that_cannot_be_kept_is_told) {
    const workspace w = workspace_make();
    char text[1000];
    workspace_write(&w, "rows.csv", rows);
    cr_assert_eq(mkdir(workspace_path(&w, "run"), 0777), 0);
    workspace_write(&w, "run/failed", "in the way");
    snprintf(text, sizeof text, log_text, "2", "log(h)", "mean(s) + mean(y)", "a, b");
    const char *message = failure_of(&w, text);
    expect_told(message, "'s' (log, ");
    expect_told(message, "\nthe batch could not be kept: ");
    workspace_remove(&w);
}

/* ---------------------------------------------------------------------- parts that are scored --
 */

/* exp(x @ w) overflows in float32 beyond 88; w starts as 1 and grows by 1 a step. */
static const char scored_text[] = "format: 1\n"
                                  "name: scored\n"
                                  "inputs: {x: [B, 1]}\n"
                                  "targets: {y: [B, 1]}\n"
                                  "params: {w: {shape: [1, 1], init: ones}}\n"
                                  "graph:\n"
                                  "  h: exp(x @ w)\n"
                                  "outputs: [h]\n"
                                  "loss: mean(h * y) - mean(w)\n"
                                  "data:\n"
                                  "%s"
                                  "train:\n"
                                  "  epochs: 10\n"
                                  "  batch_size: 2\n"
                                  "%s"
                                  "  optimizer: {type: sgd, lr: 1}\n";

static const struct {
    const char *data, *settings, *part, *operand, *place;
    int epoch; /* the first that fails */
} parts[] = {
    {"  train: {x: [[0], [0]], y: [[1], [1]]}\n"
     "  validation: {x: [[1], [2], [20], [1]], y: [[1], [1], [1], [1]]}\n",
     "", "the loss of the validation part is infinite after step 4 (epoch 4, learning rate 1)",
     "it begins in batch 1 of that part, counted from 0: 'h' (exp, ", "t.yaml:12:30", 4},
    /* The average that is scored lags behind: 1, 1.5, 2.25, 3.125, 4.0625, 5.03. */
    {"  train: {x: [[0], [0]], y: [[1], [1]]}\n"
     "  validation: {x: [[1], [2], [20], [1]], y: [[1], [1], [1], [1]]}\n",
     "  average: {decay: 0.5}\n", "the loss of the validation part is infinite after step 5 ",
     "  operand `x @ w`: from ", "t.yaml:12:30", 5},
    {"  train: {file: t.csv, x: x, y: y}\n"
     "  validation: {file: v.csv, x: x, y: y}\n",
     "", "the loss of the validation part is infinite after step 4 ", "  operand `x @ w`: from ",
     "v.csv:4", 4},
};

/* The range of the operand that a message tells: ": from 5 to 100". */
static void range_of(const char *message, char range[100]) {
    const char *from = strstr(message, ": from ");
    cr_assert_not_null(from, "%s", message);
    snprintf(range, 100, "%.*s", (int)strcspn(from, "\n"), from);
}

Test(not_finite, a_part_that_is_scored_ends_the_run) {
    const workspace w = workspace_make();
    workspace_write(&w, "t.csv", "x,y\n0,1\n0,1\n");
    workspace_write(&w, "v.csv", "x,y\n1,1\n2,1\n20,1\n1,1\n");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char text[1200], weights[300];
        snprintf(text, sizeof text, scored_text, parts[i].data, parts[i].settings);
        yg_model *model = workspace_model(&w, "t.yaml", text);
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        yg_error error = {0};
        yg_train_result result;
        cr_assert_not(yg_train(model, &options, &result, &error), "case %zu", i);
        yg_train_result_free(&result);
        cr_expect_eq(error.code, YG_ERROR_NUMERIC);
        cr_expect_eq(error.line, 7, "case %zu: %d", i, error.line);
        expect_told(error.message, parts[i].part);
        expect_told(error.message, parts[i].operand);
        expect_told(error.message, parts[i].place);

        /* The weights of the best epoch are those before, and the epochs done are told. */
        yg_scores scores;
        yg_error none = {0};
        char lines[40];
        snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
        cr_assert(
            yg_evaluate(model, &(yg_evaluate_options){.weights = weights}, &scores, NULL, &none),
            "%s", none.message);
        cr_expect(isfinite(scores.loss));
        yg_scores_free(&scores);
        char *history = workspace_read(&w, "run/history.csv", NULL);
        snprintf(lines, sizeof lines, "\n%d,", parts[i].epoch - 1);
        cr_expect_not_null(strstr(history, lines), "%s", history);
        snprintf(lines, sizeof lines, "\n%d,", parts[i].epoch);
        cr_expect_null(strstr(history, lines), "%s", history);
        free(history);
        yg_model_free(model);

        /* The kept batch gives it again, at the weights that were scored. */
        yg_error again = {0};
        snprintf(weights, sizeof weights, "%s",
                 workspace_path(&w, "run/failed/weights.safetensors"));
        model = yg_model_load(workspace_path(&w, "run/failed/model.yaml"), NULL, &none);
        cr_assert_not_null(model, "%s", none.message);
        const yg_evaluate_options eval = {.weights = weights, .not_finite = &again};
        cr_assert(yg_evaluate(model, &eval, &scores, NULL, &none), "%s", none.message);
        cr_expect(isinf(scores.loss), "%g", scores.loss);
        expect_told(again.message, "the loss of the training part is infinite");
        char first[100], second[100];
        range_of(error.message, first);
        range_of(again.message, second);
        cr_expect_str_eq(first, second);
        yg_scores_free(&scores);
        yg_model_free(model);
        workspace_remove_folder(&w, "run");
    }
    workspace_remove(&w);
}

/* The run is over, and its weights are kept; but its scores cannot be told. */
Test(not_finite, a_test_part_that_cannot_be_scored_is_told) {
    const workspace w = workspace_make();
    char text[1200];
    snprintf(text, sizeof text, scored_text,
             "  train: {x: [[0], [0]], y: [[1], [1]]}\n  test: {x: [[1], [100]], y: [[1], [1]]}\n",
             "");
    expect_told(failure_of(&w, text), "the loss of the test part is infinite after step 10 ");
    cr_expect(workspace_has(&w, "run/weights.safetensors"));
    cr_expect(workspace_has(&w, "run/checkpoint.safetensors"));
    workspace_remove(&w);
}
