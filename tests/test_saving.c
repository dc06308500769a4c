/*
 * When a run saves: checkpoints after so many steps, epochs or minutes, and the weights of every n
 * epochs.
 */
#include "data/safetensors.h"
#include "train/saving.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Four steps an epoch. What else `train` says is filled in. */
static const char model_text[] =
    "format: 1\n"
    "name: m\n"
    "inputs: {x: [B, 1]}\n"
    "targets: {y: [B, 1]}\n"
    "graph: {p: {type: linear, input: x, out_features: 1}}\n"
    "outputs: [p]\n"
    "loss: mse(p, y)\n"
    "data: {train: {x: [[0], [1], [2], [3]], y: [[1], [3], [5], [7]]}}\n"
    "train: {batch_size: 1, optimizer: {type: sgd, lr: 0.01}, %s}\n";

static yg_model *load(const workspace *w, const char *settings) {
    char text[1000];
    snprintf(text, sizeof text, model_text, settings);
    return workspace_model(w, "m.yaml", text);
}

static int64_t train(const workspace *w, const char *settings, const yg_train_options *more) {
    yg_model *model = load(w, settings);
    yg_train_options options = *more;
    yg_train_result result;
    yg_error error = {0};
    options.out = workspace_path(w, "run");
    options.threads = 1;
    cr_assert(yg_train(model, &options, &result, &error), "%s: %s", settings, error.message);
    const int64_t steps = result.steps;
    yg_train_result_free(&result);
    yg_model_free(model);
    return steps;
}

enum { KILLED = 77, LAST_STEP = 11 };

static void end_in_step(void *context, const yg_train_progress *progress) {
    (void)context;
    if (progress->step == LAST_STEP && !progress->epoch_end)
        _exit(KILLED);
}

/* The steps that the checkpoint of a run holds whose process ends in step 11; 0: there is none. */
static int64_t saved_steps(const workspace *w, const char *settings) {
    char text[200];
    snprintf(text, sizeof text, "epochs: 9, %s", settings);
    const pid_t child = fork();
    if (child == 0) {
        train(w, text, &(yg_train_options){.progress = end_in_step});
        _exit(0);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == KILLED, "%s", settings);
    if (!workspace_has(w, "run/checkpoint.safetensors"))
        return 0;
    /* A run that is to have fewer steps than are done does none. */
    return train(w, text, &(yg_train_options){.resume = true, .has_steps = true, .steps = 1});
}

Test(saving, a_checkpoint_is_written_when_the_file_says) {
    static const struct {
        const char *settings;
        int64_t steps;
    } cases[] = {
        {"checkpoint: {steps: 3}", 9},
        {"checkpoint: {steps: 10}", 10},
        {"checkpoint: {steps: 4}", 8}, /* the last step of an epoch, which is not judged yet */
        {"checkpoint: {steps: 100}", 0},
        {"checkpoint: {epochs: 1}", 8},
        {"checkpoint: {epochs: 2}", 8},
        {"checkpoint: {epochs: 3}", 0},
        {"checkpoint: {epochs: 1, steps: 10}", 10},
        {"checkpoint: {minutes: 1e-9}", 10},
        {"checkpoint: {minutes: 100}", 0},
        {"drop_last: false", 0}, /* the run is too short for one */
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t steps = saved_steps(&w, cases[i].settings);
        cr_expect_eq(steps, cases[i].steps, "%s: %d steps", cases[i].settings, (int)steps);
        workspace_remove_folder(&w, "run");
    }
    workspace_remove(&w);
}

static void expect_weight(const workspace *w, const char *name, const char *other) {
    yg_error error = {0};
    yg_tensor_file a = {0}, b = {0};
    cr_assert(yg_safetensors_read(workspace_path(w, name), &a, &error), "%s", error.message);
    cr_assert(yg_safetensors_read(workspace_path(w, other), &b, &error), "%s", error.message);
    cr_assert_eq(a.count, b.count);
    for (size_t i = 0; i < a.count; i++)
        cr_expect(memcmp(a.tensors[i].data, b.tensors[i].data,
                         (size_t)yg_type_bytes(&a.tensors[i].type)) == 0,
                  "%s: other values than %s", a.tensors[i].name, other);
    yg_tensor_file_free(&a);
    yg_tensor_file_free(&b);
}

/* The first checkpoint after an epoch comes with that epoch's line and weights. */
Test(saving, a_checkpoint_within_an_epoch_comes_with_the_epochs_before) {
    const workspace w = workspace_make();
    const pid_t child = fork();
    if (child == 0) {
        train(&w, "epochs: 9, keep_every: 1, checkpoint: {steps: 1}",
              &(yg_train_options){.progress = end_in_step});
        _exit(0);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == KILLED);
    size_t size;
    char *history = workspace_read(&w, "run/history.csv", &size);
    cr_expect_not_null(strstr(history, "\n2,8,"), "%s", history);
    cr_expect_null(strstr(history, "\n3,"), "%s", history);
    free(history);
    expect_weight(&w, "run/weights.safetensors", "run/epochs/epoch-2.safetensors");
    workspace_remove(&w);
}

/* Without the key: every epoch, unless saving would take most of the time. */
Test(saving, without_the_key_it_is_a_matter_of_time) {
    const yg_saving saving = {0};
    cr_expect_not(yg_saving_after_step(&saving, 500, 19));
    cr_expect(yg_saving_after_step(&saving, 501, 21));
    cr_expect_not(yg_saving_after_epoch(&saving, 5, 0.5, 0.001));
    cr_expect(yg_saving_after_epoch(&saving, 5, 1.5, 0.001));
    cr_expect_not(yg_saving_after_epoch(&saving, 5, 9, 0.5));
    cr_expect(yg_saving_after_epoch(&saving, 5, 11, 0.5));
}

Test(saving, weights_of_every_n_epochs_are_kept) {
    /* The loss grows, so those of an epoch are not the best. */
    const yg_train_options far = {.has_lr = true, .lr = 0.3};
    const workspace w = workspace_make();
    train(&w, "epochs: 4, keep: last", &far);
    char *four = strdup(workspace_path(&w, "four.safetensors"));
    cr_assert_eq(rename(workspace_path(&w, "run/weights.safetensors"), four), 0);
    free(four);
    workspace_remove_folder(&w, "run");
    train(&w, "epochs: 5, keep_every: 2", &far);
    for (int epoch = 1; epoch <= 5; epoch++) {
        char name[60];
        snprintf(name, sizeof name, "run/epochs/epoch-%d.safetensors", epoch);
        cr_expect_eq(workspace_has(&w, name), epoch % 2 == 0, "%s", name);
    }
    expect_weight(&w, "run/epochs/epoch-4.safetensors", "four.safetensors");
    /* They move aside with the run that they are of; what a killed process left is removed. */
    workspace_write(&w, "run/epochs/epoch-4.safetensors.7.1.tmp", "");
    train(&w, "epochs: 1", &(yg_train_options){0});
    cr_expect_not(workspace_has(&w, "run/epochs"));
    cr_expect(workspace_has(&w, "run-1/epochs/epoch-4.safetensors"));
    cr_expect_not(workspace_has(&w, "run-1/epochs/epoch-4.safetensors.7.1.tmp"));
    workspace_remove(&w);
}
