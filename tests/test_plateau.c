/*
 * Lowering the learning rate on a plateau: against PyTorch's ReduceLROnPlateau
 * (fixtures/schedules.json, see generate_schedules.py), and in runs.
 */
#include "data/safetensors.h"
#include "model_text.h"
#include "train/settings.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char settings_text[] = "format: 1\n"
                                    "inputs: {x: [B, 2]}\n"
                                    "targets: {y: [B, 1]}\n"
                                    "graph: {p: {type: linear, input: x, out_features: 1}}\n"
                                    "outputs: [p]\n"
                                    "loss: mse(p, y)\n"
                                    "metrics: {far: mean(abs(p - y))}\n"
                                    "train:\n"
                                    "  epochs: 1\n"
                                    "  optimizer: {type: sgd, lr: 0.1}\n"
                                    "  reduce_on_plateau: %s\n";

static yg_plateau read_plateau(const char *written) {
    char text[1000];
    yg_error error = {0};
    yg_settings settings;
    snprintf(text, sizeof text, settings_text, written);
    yg_model *model = model_from_text(text, &error);
    cr_assert_not_null(model, "%s: %s", written, error.message);
    cr_assert(yg_settings_read(model, NULL, &settings, &error), "%s: %s", written, error.message);
    yg_model_free(model);
    return settings.plateau;
}

/* The number as the loop tells it: lower is better, and NaN is the worst. */
static double told(const yg_plateau *plateau, const json_t *number) {
    return json_is_null(number)       ? (double)INFINITY
           : plateau->monitor.highest ? -json_number_value(number)
                                      : json_number_value(number);
}

Test(plateau, follows_pytorch) {
    json_error_t failure;
    json_t *fixture = json_load_file(YG_FIXTURES "/schedules.json", 0, &failure);
    cr_assert_not_null(fixture, "%s", failure.text);
    size_t index, i, lowered = 0;
    json_t *c, *number;
    json_array_foreach(json_object_get(fixture, "plateaus"), index, c) {
        const char *text = json_string_value(json_object_get(c, "plateau"));
        const double lr = json_real_value(json_object_get(c, "lr"));
        const yg_plateau plateau = read_plateau(text);
        yg_plateau_state state;
        yg_plateau_begin(&state);
        json_array_foreach(json_object_get(c, "told"), i, number) {
            const double before = state.reduction;
            const bool changed = yg_plateau_note(&plateau, lr, told(&plateau, number), &state);
            const double wanted = json_real_value(json_array_get(json_object_get(c, "rates"), i));
            cr_expect(fabs(lr * state.reduction - wanted) <= 1e-12,
                      "%s, number %zu: %.17g, not %.17g", text, i, lr * state.reduction, wanted);
            cr_expect_eq(changed, state.reduction < before, "%s, number %zu", text, i);
            lowered += changed;
        }
    }
    cr_expect_geq(lowered, 40, "%zu reductions are too few to compare", lowered);
    json_decref(fixture);
}

/* ---------------------------------------------------------------------------------- in runs -- */

/* The loss stops falling when the weight jumps over its best value, 3 or 0. */
static const char run_text[] =
    "format: 1\n"
    "name: m\n"
    "inputs: {x: [B, 1]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  h: {type: linear, input: x, out_features: 3, activation: tanh}\n"
    "  d: {type: dropout, p: 0.2}\n"
    "  p: {type: linear, out_features: 1}\n"
    "outputs: [p]\n"
    "loss: mse(p, y)\n"
    "metrics: {far: mean(abs(p - y))}\n"
    "data: {train: {x: [[0], [1], [2], [3]], y: [[1], [0], [1], [0]]}%s}\n"
    "train: {%s, batch_size: 2, optimizer: {type: sgd, lr: 0.4}, %s}\n";

typedef struct seen {
    size_t count;
    double rates[200], values[200]; /* of each epoch: the rate of its last step, and its loss */
    int64_t stop_after;             /* epochs; 0: no stop */
    volatile sig_atomic_t stop;
} seen;

static void see(void *context, const yg_train_progress *progress) {
    seen *s = context;
    if (!progress->epoch_end)
        return;
    s->rates[s->count] = progress->learning_rate;
    s->values[s->count++] =
        progress->has_validation ? progress->validation.loss : progress->training.loss;
    s->stop = s->stop_after && progress->epoch >= s->stop_after;
}

static void train(const workspace *w, const char *more_data, const char *length, const char *rest,
                  const char *folder, bool resume, seen *s) {
    char text[2000];
    yg_error error = {0};
    yg_train_result result;
    snprintf(text, sizeof text, run_text, more_data, length, rest);
    yg_model *model = workspace_model(w, "m.yaml", text);
    const yg_train_options options = {.out = workspace_path(w, folder),
                                      .threads = 1,
                                      .resume = resume,
                                      .progress = see,
                                      .context = s,
                                      .stop = &s->stop};
    cr_assert(yg_train(model, &options, &result, &error), "%s: %s", rest, error.message);
    yg_train_result_free(&result);
    yg_model_free(model);
}

/* The rate of each epoch is what the validation losses of those before it make it. */
Test(plateau, a_run_lowers_its_rate) {
    static const char held_out[] = ", validation: {x: [[0.5], [1.5]], y: [[1], [0]]}";
    static const char rule[] = "{factor: 0.5, patience: 1, threshold: 0.01, cooldown: 1}";
    const workspace w = workspace_make();
    const yg_plateau plateau = read_plateau(rule);
    seen s = {0};
    char rest[200];
    yg_plateau_state state;
    snprintf(rest, sizeof rest, "reduce_on_plateau: %s", rule);
    train(&w, held_out, "epochs: 40", rest, "run", false, &s);
    yg_plateau_begin(&state);
    cr_assert_eq(s.count, 40);
    for (size_t i = 0; i < s.count; i++) {
        cr_expect_float_eq(s.rates[i], 0.4 * state.reduction, 1e-15, "epoch %zu: %g", i + 1,
                           s.rates[i]);
        yg_plateau_note(&plateau, 0.4, s.values[i], &state);
    }
    cr_expect_lt(state.reduction, 0.1, "the rate was not lowered often enough to tell");
    workspace_remove(&w);
}

/* What the schedule gives is reduced, a warm-up too. A metric may be the best number for one and
 * the loss for the other. */
Test(plateau, reduces_the_rate_of_the_schedule) {
    const workspace w = workspace_make();
    seen plain = {0}, reduced = {0};
    static const char schedule[] = "schedule: {type: cosine, warmup_steps: 6}";
    char rest[300];
    train(&w, "", "epochs: 20", schedule, "plain", false, &plain);
    snprintf(rest, sizeof rest,
             "%s, early_stopping: {monitor: train.far, mode: min, patience: 100}, "
             "reduce_on_plateau: {monitor: train.loss, patience: 0, factor: 0.5, threshold: 1}",
             schedule);
    train(&w, "", "epochs: 20", rest, "reduced", false, &reduced);
    /* With such a threshold no epoch but the first is an improvement. */
    for (size_t i = 0; i < 20; i++)
        cr_expect_float_eq(reduced.rates[i], plain.rates[i] * pow(0.5, i < 2 ? 0 : (double)i - 1),
                           1e-12, "epoch %zu: %g", i + 1, reduced.rates[i]);
    workspace_remove(&w);
}

/* A validation score of data that have no validation part. */
Test(plateau, needs_what_it_monitors) {
    const workspace w = workspace_make();
    char text[2000];
    yg_error error = {0};
    yg_train_result result;
    snprintf(text, sizeof text, run_text, "", "epochs: 2",
             "reduce_on_plateau: {monitor: validation.loss}");
    yg_model *model = workspace_model(&w, "m.yaml", text);
    cr_expect_not(
        yg_train(model, &(yg_train_options){.out = workspace_path(&w, "run")}, &result, &error));
    cr_expect_not_null(strstr(error.message, "`data:` has no `validation`"), "%s", error.message);
    cr_expect_eq(error.line, 13);
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}

static void expect_same(const workspace *w, const char *name) {
    char a[60], b[60];
    size_t sizes[2];
    snprintf(a, sizeof a, "whole/%s", name);
    snprintf(b, sizeof b, "parts/%s", name);
    char *x = workspace_read(w, a, &sizes[0]), *y = workspace_read(w, b, &sizes[1]);
    cr_expect(sizes[0] == sizes[1] && memcmp(x, y, sizes[0]) == 0, "%s differs", name);
    free(x);
    free(y);
}

/* The epochs waited, the best number, the cooldown and the reductions are in the checkpoint. */
Test(plateau, a_run_in_pieces_is_the_same) {
    static const char rest[] =
        "reduce_on_plateau: {factor: 0.5, patience: 2, threshold: 0.05, cooldown: 2}";
    const workspace w = workspace_make();
    seen whole = {0};
    train(&w, "", "epochs: 30", rest, "whole", false, &whole);
    cr_expect_lt(whole.rates[29], 0.2, "the rate was not lowered often enough to tell");
    for (int64_t stop = 1; stop < 30; stop++) {
        seen part = {.stop_after = stop};
        train(&w, "", "epochs: 30", rest, "parts", stop > 1, &part);
    }
    seen last = {0};
    train(&w, "", "epochs: 30", rest, "parts", true, &last);
    expect_same(&w, "weights.safetensors");
    expect_same(&w, "checkpoint.safetensors");
    expect_same(&w, "history.csv");
    workspace_remove(&w);
}

/* Numbers in a checkpoint that no run has written. */
Test(plateau, a_damaged_state_is_refused) {
    static const double states[][4] = {
        {(double)NAN, 1, 0, 0}, {1, 2, 0, 0}, {1, -0.5, 0, 0}, {1, 1, -1, 0}, {1, 1, 0, 1e300}};
    static const char rest[] = "reduce_on_plateau: {patience: 2}";
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        seen s = {.stop_after = 2};
        yg_error error = {0};
        yg_tensor_file file = {0};
        yg_train_result result;
        char text[2000];
        train(&w, "", "epochs: 5", rest, "run", false, &s);
        char *path = strdup(workspace_path(&w, "run/checkpoint.safetensors"));
        cr_assert(yg_safetensors_read(path, &file, &error), "%s", error.message);
        memcpy(yg_tensor_find(&file, "@run.plateau")->data, states[i], sizeof states[i]);
        cr_assert(yg_safetensors_write(path, &file, &error), "%s", error.message);
        snprintf(text, sizeof text, run_text, "", "epochs: 5", rest);
        yg_model *model = workspace_model(&w, "m.yaml", text);
        const yg_train_options options = {
            .out = workspace_path(&w, "run"), .threads = 1, .resume = true};
        cr_expect_not(yg_train(model, &options, &result, &error), "state %zu", i);
        cr_expect_not_null(strstr(error.message, "counters make no sense"), "state %zu: %s", i,
                           error.message);
        yg_train_result_free(&result);
        yg_model_free(model);
        yg_tensor_file_free(&file);
        free(path);
        workspace_remove_folder(&w, "run");
    }
    workspace_remove(&w);
}
