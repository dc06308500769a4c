/*
 * Weights and checkpoints: names that a model may give, and values that a file may hold.
 */
#include "data/safetensors.h"
#include "train/gradients.h"
#include "train/predict.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The weight's name is filled in. */
static const char form[] = "format: 1\n"
                           "name: names\n"
                           "inputs: {x: [B, 2]}\n"
                           "targets: {y: [B, 1]}\n"
                           "params:\n"
                           "  w: {shape: [1, 2], init: {type: constant, value: 0.5}}\n"
                           "  %s: {shape: [1, 2], init: {type: constant, value: 0.25}}\n"
                           "graph:\n"
                           "  p: x @ transpose(w * %s)\n"
                           "outputs: [p]\n"
                           "loss: mse(p, y)\n"
                           "data:\n"
                           "  train: {x: [[1, 2], [3, 4], [2, 0]], y: [[1], [2], [3]]}\n"
                           "  standardize: [x]\n"
                           "train: {epochs: 3, batch_size: 2, seed: 1,\n"
                           "        optimizer: {type: %s, lr: 0.01}}\n";

static const char layer_form[] =
    "format: 1\n"
    "name: names\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  %s: {type: linear, input: x, out_features: 2}\n"
    "  p: {type: linear, input: %s, out_features: 1}\n"
    "outputs: [p]\n"
    "loss: mse(p, y)\n"
    "data:\n"
    "  train: {x: [[1, 2], [3, 4], [2, 0]], y: [[1], [2], [3]]}\n"
    "  standardize: [x]\n"
    "train: {epochs: 3, batch_size: 2, seed: 1, optimizer: {type: adam, lr: 0.01}}\n";

/* Trains three epochs, at once or first one and then two, and writes the scores of a run to `out`.
 */
static double train(const yg_model *model, const char *out, bool in_parts) {
    yg_error error = {0};
    yg_train_result result;
    yg_train_options options = {.out = out, .threads = 1};
    options.has_epochs = in_parts;
    options.epochs = 1;
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    if (in_parts) {
        yg_train_result_free(&result);
        options = (yg_train_options){.out = out, .threads = 1, .resume = true};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    }
    const double loss = result.training.loss;
    yg_train_result_free(&result);
    char weights[256];
    snprintf(weights, sizeof weights, "%s/weights.safetensors", out);
    yg_scores scores;
    cr_assert(yg_evaluate(model, &(yg_evaluate_options){.weights = weights}, &scores, NULL, &error),
              "%s", error.message);
    cr_expect(isfinite(scores.loss));
    yg_scores_free(&scores);
    return loss;
}

/* A user's name never means something of the run. */
Test(weights, any_name_trains_as_any_other) {
    static const char *const names[] = {"v",
                                        "w.exp_avg",
                                        "w.exp_avg_sq",
                                        "w.momentum_buffer",
                                        "best.w",
                                        "run",
                                        "run.counts",
                                        "run.values",
                                        "run.totals",
                                        "best",
                                        "lr",
                                        "train.lr",
                                        "standardize.x.mean",
                                        "train.t",
                                        "checkpoint",
                                        "run.history",
                                        "classes.x",
                                        "columns.y",
                                        "loss"};
    static const char *const optimizers[] = {"sgd", "adam", "adamw"};
    const workspace w = workspace_make();
    char out[256], text[2000];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    for (size_t o = 0; o < 3; o++) {
        double expected = 0;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            snprintf(text, sizeof text, form, names[i], names[i], optimizers[o]);
            yg_model *model = workspace_model(&w, "names.yaml", text);
            for (int parts = 0; parts < 2; parts++) {
                const double loss = train(model, out, parts != 0);
                expected = i || parts ? expected : loss;
                cr_expect_eq(loss, expected, "%s, %s: %.17g, not %.17g", optimizers[o], names[i],
                             loss, expected);
            }
            yg_model_free(model);
        }
    }
    workspace_remove(&w);
}

Test(weights, any_layer_may_be_resumed) {
    static const char *const names[] = {"best", "run", "standardize", "classes", "h", "transform"};
    const workspace w = workspace_make();
    char out[256], text[2000];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(text, sizeof text, layer_form, names[i], names[i]);
        yg_model *model = workspace_model(&w, "names.yaml", text);
        cr_expect_eq(train(model, out, false), train(model, out, true), "%s", names[i]);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(weights, the_one_name_that_files_cannot_hold_is_refused_at_once) {
    const workspace w = workspace_make();
    char text[2000];
    snprintf(text, sizeof text, form, "__metadata__", "__metadata__", "adam");
    yg_model *model = workspace_model(&w, "names.yaml", text);
    yg_error error = {0};
    yg_train_result result;
    const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
    cr_expect_not(yg_train(model, &options, &result, &error));
    cr_expect_not_null(strstr(error.message, "cannot be called '__metadata__'"), "%s",
                       error.message);
    cr_expect_eq(error.line, 7);
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(weights, a_tensor_file_has_each_name_once) {
    yg_tensor_file file = {0};
    yg_error error = {0};
    char name[32];
    const yg_type type = yg_type_scalar(YG_F64);
    for (int i = 0; i < 5000; i++) {
        const double value = i;
        snprintf(name, sizeof name, "t%d", i);
        cr_assert(yg_tensor_file_add(&file, name, &type, &value, &error), "%s", error.message);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "t%d", i);
        const yg_tensor *tensor = yg_tensor_find(&file, name);
        cr_assert_not_null(tensor, "%s", name);
        cr_expect_eq(*(const double *)tensor->data, i);
        cr_expect_not(yg_tensor_file_add(&file, name, &type, NULL, &error));
    }
    cr_expect_not_null(strstr(error.message, "two tensors called 't0'"), "%s", error.message);
    cr_expect_null(yg_tensor_find(&file, "t5000"));
    cr_expect_not(yg_tensor_file_add(&file, "__metadata__", &type, NULL, &error));
    cr_expect_eq(file.count, 5000u);
    yg_tensor_file_free(&file);
    cr_expect_null(yg_tensor_find(&file, "t0"));
}

/* ---------------------------------------------------------------------------------- values --- */

/* Sets one value of a tensor in a file. */
static void damage(const char *path, const char *name, yg_dtype dtype, double value) {
    yg_tensor_file file, copy = {0};
    yg_error error = {0};
    cr_assert(yg_safetensors_read(path, &file, &error), "%s", error.message);
    for (size_t i = 0; i < file.count; i++) {
        yg_tensor *t = &file.tensors[i];
        const bool chosen = strcmp(t->name, name) == 0;
        yg_type type = t->type;
        if (chosen && dtype == YG_F64)
            type.dtype = YG_F64;
        cr_assert(yg_tensor_file_add(&copy, t->name, &type,
                                     type.dtype == t->type.dtype ? t->data : NULL, &error));
        if (chosen)
            yg_element_set(type.dtype, copy.tensors[i].data, 1, value);
    }
    for (size_t i = 0; i < file.metadata_count; i++)
        cr_assert(yg_tensor_file_note(&copy, file.metadata[i].key, file.metadata[i].value, &error));
    cr_assert(yg_safetensors_write(path, &copy, &error));
    yg_tensor_file_free(&file);
    yg_tensor_file_free(&copy);
}

Test(weights, what_is_no_finite_number_is_refused) {
    static const struct {
        yg_dtype dtype;
        double value;
        const char *message;
    } cases[] = {
        {YG_F32, (double)NAN, "tensor 'w' holds NaN (element 1)"},
        {YG_F32, (double)INFINITY, "tensor 'w' holds an infinity (element 1)"},
        {YG_F64, -(double)INFINITY, "tensor 'w' holds an infinity (element 1)"},
        {YG_F64, 1e39, "tensor 'w' holds 1e+39 (element 1), which f32 cannot"},
        {YG_F64, -1e300, "tensor 'w' holds -1e+300 (element 1), which f32 cannot"},
        {YG_F64, 1e30, NULL},
    };
    const workspace w = workspace_make();
    char text[2000], weights[256], checkpoint[256], out[256];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    snprintf(checkpoint, sizeof checkpoint, "%s", workspace_path(&w, "run/checkpoint.safetensors"));
    snprintf(text, sizeof text, form, "v", "v", "adam");
    yg_model *model = workspace_model(&w, "names.yaml", text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        train(model, out, false);
        damage(weights, "w", cases[i].dtype, cases[i].value);
        yg_error errors[4] = {{0}};
        yg_scores scores;
        yg_gradients gradients;
        yg_train_result result;
        char *answer = NULL;
        size_t size;
        FILE *in = fmemopen((void *)(uintptr_t) "a,b\n1,2\n", 8, "rb");
        FILE *to = open_memstream(&answer, &size);
        const bool good[4] = {
            yg_evaluate(model, &(yg_evaluate_options){.weights = weights}, &scores, NULL,
                        &errors[0]),
            yg_predict(model, &(yg_predict_options){.weights = weights}, in, "in.csv", to, NULL,
                       &errors[1]),
            yg_loss_gradients(model, &(yg_gradients_options){.weights = weights}, &gradients,
                              &errors[2]),
            yg_train(model,
                     &(yg_train_options){.out = workspace_path(&w, "new"), .weights = weights},
                     &result, &errors[3])};
        fclose(in);
        fclose(to);
        free(answer);
        yg_train_result_free(&result);
        for (int k = 0; k < 4; k++) {
            cr_expect(good[k] == !cases[i].message || k == 3, "case %zu, %d: %s", i, k,
                      errors[k].message);
            cr_expect(!cases[i].message || strstr(errors[k].message, cases[i].message),
                      "case %zu, %d: %s", i, k, errors[k].message);
        }
        if (good[0])
            yg_scores_free(&scores);
        if (good[2])
            yg_gradients_free(&gradients);
    }
    /* In a checkpoint nothing but finite numbers stands either. */
    static const char *const tensors[] = {"w", "@best.v", "@exp_avg.w", "@exp_avg_sq.v"};
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        train(model, out, false);
        damage(checkpoint, tensors[i], YG_F32, (double)NAN);
        yg_error error = {0};
        yg_train_result result;
        const yg_train_options options = {
            .out = out, .resume = true, .has_epochs = true, .epochs = 5};
        cr_expect_not(yg_train(model, &options, &result, &error), "%s", tensors[i]);
        cr_expect_not_null(strstr(error.message, tensors[i]), "%s", error.message);
        yg_train_result_free(&result);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* By default AddressSanitizer ends the process instead of letting malloc() return NULL. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "allocator_may_return_null=1";
}

/* A parameter that no memory holds is named with its size and its line, by every command. */
Test(weights, that_no_memory_holds_are_named) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "huge.yaml",
                                      "format: 1\n"
                                      "inputs: {x: [B, 1]}\n"
                                      "targets: {y: [B, 1]}\n"
                                      "params:\n"
                                      "  w: {shape: [1, 1], init: ones}\n"
                                      "  table: {shape: [4194304, 8388608], init: zeros}\n"
                                      "graph:\n  p: x * w + table[0, 0]\n"
                                      "outputs: [p]\n"
                                      "loss: mse(p, y)\n"
                                      "data: {train: {x: [[1], [2]], y: [[1], [2]]}}\n"
                                      "train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}\n");
    yg_error errors[2] = {{0}};
    yg_train_result result;
    yg_gradients gradients;
    cr_expect_not(yg_train(model,
                           &(yg_train_options){.out = workspace_path(&w, "run"), .threads = 1},
                           &result, &errors[0]));
    cr_expect_not(yg_loss_gradients(model, NULL, &gradients, &errors[1]));
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(errors[i].code, YG_ERROR_MEMORY);
        cr_expect_eq(errors[i].line, 6, "%d: %s", errors[i].line, errors[i].message);
        cr_expect_not_null(strstr(errors[i].message, "'table' f32[4194304, 8388608]"), "%s",
                           errors[i].message);
        cr_expect_not_null(strstr(errors[i].message, "128.0 TiB"), "%s", errors[i].message);
    }
    cr_expect_not(workspace_has(&w, "run"));
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}
