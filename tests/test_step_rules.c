/*
 * What `train` says of a step: accumulation over batches, penalties, clipping.
 * All of it together against PyTorch (fixtures/step_rules.json, see generate_step_rules.py), and
 * each against its formula.
 */
#include "data/safetensors.h"
#include "step_network.h"
#include "train/train.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- PyTorch ----- */

static const char pytorch_text[] =
    "format: 1\n"
    "name: net\n"
    "inputs: {x: [B, 3]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  h: {type: linear, input: x, out_features: 4, activation: tanh}\n"
    "  z: {type: linear, out_features: 1}\n"
    "outputs: [z]\n"
    "loss: mse(z, y)\n"
    "data: {train: {x: %s, y: %s}}\n"
    "train: {epochs: 50, dtype: f64, keep_every: 1, optimizer: {type: adam, lr: 0.05}, %s}\n";

static const struct {
    const char *name;
    int64_t shape[2];
    int rank;
} pytorch_weights[] = {
    {"h.weight", {4, 3}, 2}, {"h.bias", {4}, 1}, {"z.weight", {1, 4}, 2}, {"z.bias", {1}, 1}};

enum { PYTORCH_WEIGHTS = sizeof pytorch_weights / sizeof *pytorch_weights };

static void write_weights(const workspace *w, const char *name, const json_t *values) {
    yg_tensor_file file = {0};
    yg_error error = {0};
    size_t at = 0;
    for (size_t i = 0; i < PYTORCH_WEIGHTS; i++) {
        double data[12];
        yg_type type;
        cr_assert(
            yg_type_make(YG_F64, pytorch_weights[i].rank, pytorch_weights[i].shape, &type, &error));
        for (int64_t k = 0; k < yg_type_count(&type); k++)
            data[k] = json_real_value(json_array_get(values, at++));
        cr_assert(yg_tensor_file_add(&file, pytorch_weights[i].name, &type, data, &error));
    }
    cr_assert(yg_safetensors_write(workspace_path(w, name), &file, &error), "%s", error.message);
    yg_tensor_file_free(&file);
}

/* The averages that a run keeps after a step, which is an epoch here. */
static void compare_weights(const workspace *w, const char *settings, const json_t *told) {
    char name[60];
    const int step = (int)json_integer_value(json_object_get(told, "step"));
    const json_t *values = json_object_get(told, "values");
    size_t at = 0;
    snprintf(name, sizeof name, "run/epochs/epoch-%d.safetensors", step);
    yg_tensor_file file = step_network_tensors(w, name);
    for (size_t i = 0; i < PYTORCH_WEIGHTS; i++) {
        const yg_tensor *tensor = yg_tensor_find(&file, pytorch_weights[i].name);
        cr_assert_not_null(tensor);
        for (int64_t k = 0; k < yg_type_count(&tensor->type); k++) {
            const double wanted = json_real_value(json_array_get(values, at++));
            const double found = ((const double *)tensor->data)[k];
            cr_expect_float_eq(found, wanted, 1e-10, "%s, step %d, %s: %.17g, not %.17g", settings,
                               step, tensor->name, found, wanted);
        }
    }
    cr_expect_eq(at, json_array_size(values));
    yg_tensor_file_free(&file);
}

static double last_rate;

static void note_rate(void *context, const yg_train_progress *progress) {
    (void)context;
    last_rate = progress->learning_rate;
}

Test(step_rules, follow_pytorch_over_50_steps) {
    json_error_t failure;
    json_t *fixture = json_load_file(YG_FIXTURES "/step_rules.json", 0, &failure), *c, *told;
    cr_assert_not_null(fixture, "%s", failure.text);
    size_t index, i;
    json_array_foreach(fixture, index, c) {
        const workspace w = workspace_make();
        const char *settings = json_string_value(json_object_get(c, "settings"));
        char *x = json_dumps(json_object_get(c, "x"), JSON_COMPACT);
        char *y = json_dumps(json_object_get(c, "y"), JSON_COMPACT), text[3000];
        cr_assert_lt(snprintf(text, sizeof text, pytorch_text, x, y, settings), (int)sizeof text);
        write_weights(&w, "initial.safetensors", json_object_get(c, "initial"));
        yg_model *model = workspace_model(&w, "model.yaml", text);
        char *initial = strdup(workspace_path(&w, "initial.safetensors"));
        const yg_train_options options = {.out = workspace_path(&w, "run"),
                                          .threads = 1,
                                          .weights = initial,
                                          .progress = note_rate};
        yg_error error = {0};
        yg_train_result result;
        cr_assert(yg_train(model, &options, &result, &error), "%s: %s", settings, error.message);
        json_array_foreach(json_object_get(c, "averages"), i, told)
            compare_weights(&w, settings, told);
        /* PyTorch tells the rate of the step that would be the next. */
        const double next = json_real_value(json_object_get(c, "lr"));
        cr_expect(fabs(last_rate - next) < 1e-12 || fabs(last_rate - 2 * next) < 1e-12,
                  "%s: rate %g, not %g", settings, last_rate, next);
        yg_train_result_free(&result);
        yg_model_free(model);
        free(initial);
        free(x);
        free(y);
        workspace_remove(&w);
    }
    cr_expect_eq(json_array_size(fixture), 7);
    json_decref(fixture);
}

/* ---------------------------------------------------------------------------- accumulation --- */

/* Steps of the mean over all their examples: those of one large batch, the smaller ones at the end
 * of an epoch too. The scores of an epoch are the same. */
Test(step_rules, accumulated_batches_are_one_large_batch) {
    static const struct {
        const char *parts, *whole;
        int64_t steps;
    } cases[] = {
        {"batch_size: 2, accumulate: 3", "batch_size: 6", 8}, /* 2 + 2 + 2, and 2 + 2 + 1 */
        {"batch_size: 2, accumulate: 4", "batch_size: 8", 8}, /* 2 + 1 in the end */
        {"batch_size: 1, accumulate: 5", "batch_size: 5", 12},
        {"batch_size: 3, accumulate: 100", "batch_size: 11", 4},
        {"batch_size: 5, accumulate: 2", "batch_size: 10", 8}, /* the last step has one batch */
        {"batch_size: 20, accumulate: 3", "batch_size: 20", 4},
        {"batch_size: 2, accumulate: 2, clip_grad_norm: 0.1, l2: 0.01, average: {decay: 0.8}",
         "batch_size: 4, clip_grad_norm: 0.1, l2: 0.01, average: {decay: 0.8}", 12},
    };
    static const char rest[] = "keep: last, epochs: 4, optimizer: {type: adam, lr: 0.05, groups: "
                               "{z.bias: {frozen_until: 2}}}, "
                               "schedule: cosine";
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char settings[400];
        snprintf(settings, sizeof settings, "%s, %s", cases[i].parts, rest);
        yg_train_result parts = step_network_train(&w, settings, "parts");
        snprintf(settings, sizeof settings, "%s, %s", cases[i].whole, rest);
        yg_train_result whole = step_network_train(&w, settings, "whole");
        const double far =
            step_network_difference(&w, "parts/weights.safetensors", "whole/weights.safetensors");
        cr_expect_lt(far, 1e-13, "%s: %g", cases[i].parts, far);
        cr_expect_eq(parts.steps, cases[i].steps, "%s: %d steps", cases[i].parts, (int)parts.steps);
        cr_expect_eq(whole.steps, cases[i].steps);
        cr_expect_float_eq(parts.training.loss, whole.training.loss, 1e-13);
        cr_expect_float_eq(parts.training.metrics[0].value, whole.training.metrics[0].value, 1e-13);
        yg_train_result_free(&parts);
        yg_train_result_free(&whole);
        workspace_remove_folder(&w, "parts");
        workspace_remove_folder(&w, "whole");
    }
    workspace_remove(&w);
}

/* So are shards, however many, and of batches that are smaller than their number. */
Test(step_rules, shards_are_one_large_batch) {
    static const char *const cases[][2] = {
        {"batch_size: 6, shards: 3", "batch_size: 6"},
        {"batch_size: 8, shards: 4", "batch_size: 8"},
        {"batch_size: 5, shards: 5", "batch_size: 5"},
        {"batch_size: 11, shards: 2", "batch_size: 11"},
        {"batch_size: 4, shards: 100", "batch_size: 4"},
        {"batch_size: 3, shards: 2, drop_last: true", "batch_size: 3, drop_last: true"},
        {"batch_size: 5, shards: 3, clip_grad_norm: 0.1, l2: 0.01, average: {decay: 0.8}",
         "batch_size: 5, clip_grad_norm: 0.1, l2: 0.01, average: {decay: 0.8}"},
    };
    static const char rest[] = "keep: last, epochs: 4, optimizer: {type: adam, lr: 0.05, groups: "
                               "{z.bias: {frozen_until: 2}}}, schedule: cosine";
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char settings[400];
        snprintf(settings, sizeof settings, "%s, %s", cases[i][0], rest);
        yg_train_result parts = step_network_train(&w, settings, "parts");
        snprintf(settings, sizeof settings, "%s, %s", cases[i][1], rest);
        yg_train_result whole = step_network_train(&w, settings, "whole");
        const double far =
            step_network_difference(&w, "parts/weights.safetensors", "whole/weights.safetensors");
        cr_expect_lt(far, 1e-13, "%s: %g", cases[i][0], far);
        cr_expect_eq(parts.steps, whole.steps, "%s: %d steps", cases[i][0], (int)parts.steps);
        cr_expect_float_eq(parts.training.loss, whole.training.loss, 1e-13);
        cr_expect_float_eq(parts.training.metrics[0].value, whole.training.metrics[0].value, 1e-13);
        yg_train_result_free(&parts);
        yg_train_result_free(&whole);
        workspace_remove_folder(&w, "parts");
        workspace_remove_folder(&w, "whole");
    }
    workspace_remove(&w);
}

/* A batch that is not full is left out, not the step that it would be in: 5 batches are 3 steps. */
Test(step_rules, drop_last_leaves_out_a_batch) {
    const workspace w = workspace_make();
    yg_train_result result = step_network_train(
        &w, "epochs: 2, batch_size: 2, accumulate: 2, drop_last: true, optimizer: adam", "run");
    cr_expect_eq(result.steps, 6, "%d", (int)result.steps);
    yg_train_result_free(&result);
    workspace_remove(&w);
}

/* One step over two examples, each in a batch or a shard of its own: w becomes minus the mean of
 * two masks, 0 or 2. */
Test(step_rules, each_batch_of_a_step_has_a_dropout_of_its_own) {
    static const char *const steps[] = {"batch_size: 1, accumulate: 2", "batch_size: 2, shards: 2"};
    static const char text[] = "format: 1\n"
                               "name: masks\n"
                               "inputs: {x: [B, 64]}\n"
                               "params: {w: {shape: [64], init: zeros}}\n"
                               "graph: {d: \"dropout(x, 0.5)\", z: d * w}\n"
                               "outputs: [z]\n"
                               "loss: mean(sum(z, 1))\n"
                               "data: {train: {x: [[%s],\n[%s]]}}\n"
                               "train: {epochs: 1, %s, optimizer: {type: sgd, lr: 1}}\n";
    const workspace w = workspace_make();
    char model[1000], row[200] = "1";
    for (int i = 1; i < 64; i++)
        strcat(row, ",1");
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        snprintf(model, sizeof model, text, row, row, steps[k]);
        yg_train_result result = step_network_train_text(&w, model, "run");
        yg_tensor_file file = step_network_tensors(&w, "run/weights.safetensors");
        const float *values = yg_tensor_find(&file, "w")->data;
        int counts[3] = {0};
        for (int i = 0; i < 64; i++)
            counts[(int)-values[i]]++;
        cr_expect(counts[0] && counts[1] && counts[2], "%s: 0: %d, 1: %d, 2: %d", steps[k],
                  counts[0], counts[1], counts[2]);
        cr_expect_eq(counts[0] + counts[1] + counts[2], 64);
        yg_tensor_file_free(&file);
        yg_train_result_free(&result);
        workspace_remove_folder(&w, "run");
    }
    workspace_remove(&w);
}

/* The running mean of ones, from 0 on, after two batches of a step: 1 - 0.9². */
Test(step_rules, batch_normalization_sees_each_batch) {
    const workspace w = workspace_make();
    yg_train_result result = step_network_train_text(
        &w,
        "format: 1\n"
        "name: norm\n"
        "inputs: {x: [B, 3]}\n"
        "graph: {n: {type: batch_norm, input: x}}\n"
        "outputs: [n]\n"
        "loss: mean(square(n - 1))\n"
        "data: {train: {x: [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]]}}\n"
        "train: {epochs: 1, batch_size: 2, accumulate: 2, dtype: f64, optimizer: adam}\n",
        "run");
    yg_tensor_file file = step_network_tensors(&w, "run/weights.safetensors");
    const yg_tensor *mean = yg_tensor_find(&file, "n.running_mean");
    cr_assert_not_null(mean);
    for (int i = 0; i < 3; i++)
        cr_expect_float_eq(((const double *)mean->data)[i], 0.19, 1e-15);
    yg_tensor_file_free(&file);
    yg_train_result_free(&result);
    workspace_remove(&w);
}

/* Shards of 1, 1 and 2 examples: a state is the mean of what the shards make of it, weighted by
 * their examples, and moves once a step. A count is that of one shard. */
Test(step_rules, states_are_joined_over_shards) {
    const workspace w = workspace_make();
    yg_train_result result = step_network_train_text(
        &w,
        "format: 1\n"
        "name: norm\n"
        "inputs: {x: [B, 1]}\n"
        "params: {w: {shape: [1], init: ones}}\n"
        "state: {mean: {shape: [1], init: zeros}, "
        "steps: {shape: [], init: zeros, dtype: i64}}\n"
        "update: {mean: \"0.5 * mean + 0.5 * mean(x, 0)\", steps: steps + 1}\n"
        "graph: {z: x * w}\n"
        "outputs: [z]\n"
        "loss: mean(square(z))\n"
        "data: {train: {x: [[1], [1], [1], [5]]}}\n"
        "train: {epochs: 3, batch_size: 4, shards: 3, dtype: f64, optimizer: adam}\n",
        "run");
    yg_tensor_file file = step_network_tensors(&w, "run/last.safetensors");
    const yg_tensor *mean = yg_tensor_find(&file, "mean"), *steps = yg_tensor_find(&file, "steps");
    cr_assert(mean && steps);
    cr_expect_float_eq(((const double *)mean->data)[0], 2 * (1 - 0.125), 1e-15);
    cr_expect_eq(((const int64_t *)steps->data)[0], 3);
    yg_tensor_file_free(&file);
    yg_train_result_free(&result);
    workspace_remove(&w);
}

/* The search for a NaN repeats the batches of the step, up to the one that has it, and tells the
 * example. */
Test(step_rules, a_nan_in_any_batch_of_a_step_is_found) {
    for (int n = 0; n < 16; n++) {
        const workspace w = workspace_make();
        const int place = n / 2;
        const char *const step =
            n % 2 ? "batch_size: 6, shards: 4" : "batch_size: 2, accumulate: 3";
        char rows[100] = "", text[700], where[60];
        for (int i = 0; i < 8; i++)
            strcat(rows, i == place ? "[-1, 1]," : "[1, 1],");
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "name: nan\n"
                 "inputs: {x: [B, 2]}\n"
                 "params: {w: {shape: [2], init: ones}}\n"
                 "graph: {l: log(x * w)}\n"
                 "outputs: [l]\n"
                 "loss: mean(square(l - 1))\n"
                 "data: {train: {x: [%s]}}\n"
                 "train: {epochs: 2, %s, optimizer: {type: sgd, lr: 1e-3}}\n",
                 rows, step);
        yg_model *model = workspace_model(&w, "model.yaml", text);
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        yg_error error = {0};
        yg_train_result result;
        cr_expect_not(yg_train(model, &options, &result, &error));
        cr_expect_eq(error.code, YG_ERROR_NUMERIC);
        cr_expect_not_null(strstr(error.message, "'l' (log, "), "%d: %s", place, error.message);
        snprintf(where, sizeof where, "model.yaml:8:%d\n", 20 + 7 * place);
        cr_expect_not_null(strstr(error.message, where), "%s: %s", where, error.message);
        yg_train_result_free(&result);
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* All losses are finite, but the gradient of one batch is not: sqrt has no slope at 0. */
Test(step_rules, a_gradient_in_any_batch_of_a_step_is_found) {
    for (int place = 0; place < 8; place++) {
        const workspace w = workspace_make();
        char rows[100] = "", text[700], where[60];
        for (int i = 0; i < 8; i++)
            strcat(rows, i == place ? "[0, 1]," : "[1, 1],");
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "name: slope\n"
                 "inputs: {x: [B, 2]}\n"
                 "params: {w: {shape: [2], init: ones}}\n"
                 "graph: {l: sqrt(x * w)}\n"
                 "outputs: [l]\n"
                 "loss: mean(square(l - 2))\n"
                 "data: {train: {x: [%s]}}\n"
                 "train: {epochs: 2, batch_size: 2, accumulate: 4, optimizer: {type: sgd, lr: "
                 "1e-3}}\n",
                 rows);
        yg_model *model = workspace_model(&w, "model.yaml", text);
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        yg_error error = {0};
        yg_train_result result;
        cr_expect_not(yg_train(model, &options, &result, &error));
        cr_expect_eq(error.code, YG_ERROR_NUMERIC);
        cr_expect_not_null(strstr(error.message, "model.yaml:5) among the gradients is "), "%d: %s",
                           place, error.message);
        snprintf(where, sizeof where, "model.yaml:8:%d\n", 20 + 7 * place);
        cr_expect_not_null(strstr(error.message, where), "%s: %s", where, error.message);
        yg_train_result_free(&result);
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* ---------------------------------------------------------------------------------- terms ---- */

/* One step of sgd with lr 1 from a = 2, b = -3, c = 0; the gradients of the loss are 1, 10, 100. */
static const char terms_text[] =
    "format: 1\n"
    "name: terms\n"
    "inputs: {x: [B, 1]}\n"
    "params:\n"
    "  a: {shape: [1], init: {type: constant, value: 2}}\n"
    "  b: {shape: [1], init: {type: constant, value: -3}}\n"
    "  c: {shape: [1], init: zeros}\n"
    "graph: {z: x * (a + 10 * b + 100 * c)}\n"
    "outputs: [z]\n"
    "loss: mean(z)\n"
    "data: {train: {x: [[1], [1]]}}\n"
    "train: {epochs: 1, dtype: f64, optimizer: {type: sgd, lr: 1}, %s}\n";

Test(step_rules, penalties_and_clipping_change_gradients) {
    static const double r51 = 7.1414284285428499979993998113673; /* √51, of 1, 5, 5 */
    const struct {
        const char *settings;
        double a, b, c;
    } cases[] = {
        {"seed: 1", 1, -13, -100},
        {"l1: 0.5", 0.5, -12.5, -100},
        {"l2: 0.25", 0, -11.5, -100},
        {"l1: {a: 0.5, '*': 2}", 0.5, -11, -100},
        {"l2: {'b*': 0.5, a: 0.25}", 0, -10, -100},
        {"l1: 1, l2: 1", -4, -6, -100},
        {"l1: 0, l2: {a: 0}", 1, -13, -100},
        {"clip_grad_value: 5", 1, -8, -5},
        {"clip_grad_value: 5, l1: 4.5", -3, -8, -5}, /* penalties come first */
        {"clip_grad_value: 5, clip_grad_norm: 1", 2 - 1 / (r51 + 1e-6), -3 - 5 / (r51 + 1e-6),
         -5 / (r51 + 1e-6)},
        {"batch_size: 1, accumulate: 2, clip_grad_value: 5, l1: 4.5", -3, -8, -5},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000];
        snprintf(text, sizeof text, terms_text, cases[i].settings);
        yg_train_result result = step_network_train_text(&w, text, "run");
        yg_tensor_file file = step_network_tensors(&w, "run/weights.safetensors");
        const double wanted[] = {cases[i].a, cases[i].b, cases[i].c};
        for (int k = 0; k < 3; k++) {
            const double *found =
                yg_tensor_find(&file, (const char *const[]){"a", "b", "c"}[k])->data;
            cr_expect_float_eq(*found, wanted[k], 1e-14, "%s: %c is %.17g, not %.17g",
                               cases[i].settings, 'a' + k, *found, wanted[k]);
        }
        /* Penalties are no part of the loss that is told. */
        const double loss = cases[i].a + 10 * cases[i].b + 100 * cases[i].c;
        cr_expect_float_eq(result.training.loss, loss, 1e-9, "%s: %g", cases[i].settings,
                           result.training.loss);
        yg_tensor_file_free(&file);
        yg_train_result_free(&result);
        workspace_remove_folder(&w, "run");
    }
    workspace_remove(&w);
}

/* ------------------------------------------------------------------------------- refusals ---- */

Test(step_rules, what_a_run_refuses) {
    static const struct {
        const char *settings, *message;
    } cases[] = {
        {"optimizer: adam, l1: {'h.wieght': 1}", "'h.wieght'; did you mean 'h.weight'?"},
        {"optimizer: adam, l2: {'q.*': 1}", "no trainable parameter is called 'q.*'"},
        {"optimizer: schedule_free_sgd, average: {}", "keeps an average of 'h.weight' itself"},
        {"optimizer: {type: sgd, lr: 1, groups: {z.bias: {type: schedule_free_sgd}}}, average: {}",
         "keeps an average of 'z.bias' itself"},
        {"batch_size: 11, optimizer: lbfgs, average: {}", "leave out `average`"},
        {"batch_size: 4, optimizer: lbfgs, accumulate: 3", "leave out `accumulate`"},
        {"batch_size: 11, optimizer: lbfgs, shards: 2",
         "lbfgs computes the loss of a batch several"},
        {"batch_size: 4, optimizer: adam, shards: 2, accumulate: 3",
         "write `batch_size: 12` with `shards: 6`"},
        {"batch_size: 11, optimizer: lbfgs, l1: 1", "needs the gradients as they are"},
        {"batch_size: 11, optimizer: lbfgs, clip_grad_value: 1", "needs the gradients as they are"},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[2000], settings[300];
        yg_error error = {0};
        yg_train_result result;
        snprintf(settings, sizeof settings, "epochs: 2, %s", cases[i].settings);
        snprintf(text, sizeof text, step_network_text, settings);
        yg_model *model = workspace_model(&w, "model.yaml", text);
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        cr_expect_not(yg_train(model, &options, &result, &error), "%s", cases[i].settings);
        cr_expect_not_null(strstr(error.message, cases[i].message), "%s: %s", cases[i].settings,
                           error.message);
        cr_expect_eq(error.line, 16, "%s: line %d", cases[i].settings, error.line);
        cr_expect_not(workspace_has(&w, "run/weights.safetensors"));
        yg_train_result_free(&result);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
