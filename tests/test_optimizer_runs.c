/*
 * Optimizers in a run: all their state is in the checkpoint, and what is scored is what is kept.
 */
#include "data/safetensors.h"
#include "train/evaluate.h"
#include "train/optimizer_update.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Batches of 3 and 1 examples, or one of 4. Epochs, batch size and optimizer are filled in. */
static const char model_text[] =
    "format: 1\n"
    "name: xor\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  h: {type: linear, input: x, out_features: 4, activation: tanh}\n"
    "  z: {type: linear, out_features: 1}\n"
    "outputs: [z]\n"
    "loss: mean(square(z - y))\n"
    "data:\n"
    "  train: {x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [[0], [1], [1], [0]]}\n"
    "  validation: {x: [[0, 0.1], [0, 0.8], [1, 0.2]], y: [[0], [1], [1]]}\n"
    "train: {epochs: %d, batch_size: %d, seed: 1, dtype: f64, keep: last, optimizer: %s}\n";

/* The same with a table that is looked up, for optimizers that name its `words`. */
static const char table_text[] =
    "format: 1\n"
    "name: words\n"
    "inputs: {x: {shape: [B], dtype: i32}}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  words: {type: embedding, input: x, num_embeddings: 9, embedding_dim: 4}\n"
    "  z: {type: linear, out_features: 1}\n"
    "outputs: [z]\n"
    "loss: mean(square(z - y))\n"
    "data:\n"
    "  train: {x: [3, 5, 3, 8], y: [[0], [1], [1], [0]]}\n"
    "  validation: {x: [5, 8, 1], y: [[0], [1], [1]]}\n"
    "train: {epochs: %d, batch_size: %d, seed: 1, dtype: f64, keep: last, optimizer: %s}\n";

/* The validation loss of the last epoch. */
static double last_loss;

static void note_loss(void *context, const yg_train_progress *progress) {
    (void)context;
    if (progress->epoch_end)
        last_loss = progress->validation.loss;
}

static yg_train_result train(const workspace *w, const char *optimizer, int epochs,
                             const char *folder, bool resume) {
    char text[2000];
    yg_error error = {0};
    yg_train_result result;
    const int batch = strstr(optimizer, "lbfgs") ? 4 : 3;
    const int length = strstr(optimizer, "words")
                           ? snprintf(text, sizeof text, table_text, epochs, batch, optimizer)
                           : snprintf(text, sizeof text, model_text, epochs, batch, optimizer);
    cr_assert_lt(length, (int)sizeof text);
    yg_model *model = workspace_model(w, "model.yaml", text);
    const yg_train_options options = {
        .out = workspace_path(w, folder), .threads = 1, .resume = resume, .progress = note_loss};
    cr_assert(yg_train(model, &options, &result, &error), "%s: %s", optimizer, error.message);
    yg_model_free(model);
    return result;
}

static yg_tensor_file read_tensors(const workspace *w, const char *name) {
    yg_error error = {0};
    yg_tensor_file file = {0};
    cr_assert(yg_safetensors_read(workspace_path(w, name), &file, &error), "%s", error.message);
    return file;
}

/* Whether two files have the same tensors, those with an "@" too. */
static bool same_tensors(const workspace *w, const char *a, const char *b) {
    yg_tensor_file left = read_tensors(w, a), right = read_tensors(w, b);
    bool same = left.count == right.count;
    for (size_t i = 0; i < left.count && same; i++) {
        const yg_tensor *other = yg_tensor_find(&right, left.tensors[i].name);
        same = other && yg_type_equal(&other->type, &left.tensors[i].type) &&
               memcmp(other->data, left.tensors[i].data, (size_t)yg_type_bytes(&other->type)) == 0;
    }
    yg_tensor_file_free(&left);
    yg_tensor_file_free(&right);
    return same;
}

static void check_resumed(const char *optimizer) {
    const workspace w = workspace_make();
    yg_train_result whole = train(&w, optimizer, 6, "whole", false);
    yg_train_result half = train(&w, optimizer, 3, "parts", false);
    cr_expect_not(same_tensors(&w, "whole/weights.safetensors", "parts/weights.safetensors"),
                  "%s: nothing is trained in the last epochs", optimizer);
    yg_train_result rest = train(&w, optimizer, 6, "parts", true);
    cr_expect(same_tensors(&w, "whole/weights.safetensors", "parts/weights.safetensors"),
              "%s: other weights", optimizer);
    cr_expect(same_tensors(&w, "whole/checkpoint.safetensors", "parts/checkpoint.safetensors"),
              "%s: other state", optimizer);
    yg_train_result_free(&whole);
    yg_train_result_free(&half);
    yg_train_result_free(&rest);
    workspace_remove(&w);
}

Test(optimizer_runs, a_resumed_run_equals_an_uninterrupted_one) {
    for (const yg_optimizer_update *const *u = yg_optimizer_updates(); *u; u++) {
        char text[200];
        if (!(*u)->build || (*u)->rows_only)
            continue;
        snprintf(text, sizeof text, "{type: %s, lr: 0.05, groups: {'*.bias': {type: nadam}}}",
                 (*u)->name);
        check_resumed(text);
    }
    check_resumed("{type: rmsprop, momentum: 0.5, centered: true, "
                  "groups: {'z.*': {frozen_until: 4}}}");
    check_resumed("{type: adam, groups: {'*': {frozen_until: 3}}}");
    check_resumed("{type: adam, groups: {words.weight: {type: sparse_adam}}}");
    check_resumed("{type: adagrad, groups: {words.weight: {frozen_until: 2}}}");
    check_resumed("{type: lbfgs, line_search_fn: strong_wolfe, max_iter: 2}");
    check_resumed("{type: lbfgs, lr: 0.1, max_iter: 3, history_size: 2}");
    check_resumed("{type: schedule_free_sgd, lr: 0.05, groups: {h.bias: {frozen_until: 2}}}");
}

/* What a file may write, but not of this model, and a part of the error. */
static const struct {
    const char *optimizer, *message;
} refused[] = {
    {"{type: lbfgs}, batch_size: 3", "write `batch_size: 4`"},
    {"{type: lbfgs}, batch_size: 4, clip_grad_norm: 1", "leave out `clip_grad_norm`"},
    {"{type: muon}, batch_size: 4", "muon cannot train 'h.bias'"},
    {"{type: sparse_adam}, batch_size: 4", "sparse_adam cannot train 'h.weight'"},
    {"{type: adam, groups: {a.bias: {}}}, batch_size: 4", "'a.bias'; did you mean 'h.bias'"},
};

Test(optimizer_runs, what_a_run_refuses) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const workspace w = workspace_make();
        char text[2000];
        yg_error error = {0};
        yg_train_result result;
        char *const end = strstr(strcpy(text, model_text), "train: {epochs");
        snprintf(end, 400, "train: {epochs: 2, optimizer: %s}\n", refused[i].optimizer);
        yg_model *model = workspace_model(&w, "model.yaml", text);
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        cr_expect_not(yg_train(model, &options, &result, &error), "%s", refused[i].optimizer);
        cr_expect_not_null(strstr(error.message, refused[i].message), "%s: %s",
                           refused[i].optimizer, error.message);
        cr_expect_eq(error.line, 13, "%s: line %d", refused[i].optimizer, error.line);
        cr_expect_not(workspace_has(&w, "run/weights.safetensors"));
        yg_train_result_free(&result);
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* The weights that are kept are the averages, while the parameters are those of the last step. The
 * score is that of the averages too. */
Test(optimizer_runs, averages_are_scored_and_kept) {
    static const char optimizer[] =
        "{type: schedule_free_adamw, lr: 0.05, groups: {h.bias: {frozen_until: 100}}}";
    const workspace w = workspace_make();
    yg_train_result result = train(&w, optimizer, 5, "run", false);
    yg_tensor_file kept = read_tensors(&w, "run/weights.safetensors");
    yg_tensor_file all = read_tensors(&w, "run/checkpoint.safetensors");
    for (size_t i = 0; i < kept.count; i++) {
        char name[100];
        const yg_tensor *tensor = &kept.tensors[i];
        const size_t bytes = (size_t)yg_type_bytes(&tensor->type);
        const bool frozen = strcmp(tensor->name, "h.bias") == 0;
        snprintf(name, sizeof name, "@average.%s", tensor->name);
        const yg_tensor *average = yg_tensor_find(&all, name);
        const yg_tensor *parameter = yg_tensor_find(&all, tensor->name);
        cr_assert(average && parameter, "%s", name);
        cr_expect(memcmp(tensor->data, average->data, bytes) == 0, "%s", name);
        cr_expect_eq(memcmp(tensor->data, parameter->data, bytes) == 0, frozen, "%s", name);
    }
    yg_error error = {0};
    yg_scores scores;
    yg_model *model = yg_model_load(workspace_path(&w, "run/model.yaml"), NULL, &error);
    cr_assert_not_null(model, "%s", error.message);
    const yg_evaluate_options options = {.weights = workspace_path(&w, "run/weights.safetensors"),
                                         .split = "validation"};
    cr_assert(yg_evaluate(model, &options, &scores, NULL, &error), "%s", error.message);
    cr_expect_float_eq(scores.loss, last_loss, 1e-12, "%.17g, the run has %.17g", scores.loss,
                       last_loss);
    yg_scores_free(&scores);
    yg_model_free(model);
    yg_tensor_file_free(&kept);
    yg_tensor_file_free(&all);
    yg_train_result_free(&result);
    workspace_remove(&w);
}
