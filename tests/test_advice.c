/*
 * Warnings of settings that can never happen in a run. `check` and `train` give the same ones.
 */
#include "train/gradients.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* 8 epochs of 3 batches. */
static const char model_text[] = "format: 1\n"
                                 "name: advised\n"
                                 "inputs: {x: [B, 1]}\n"
                                 "targets: {y: [B, 1]}\n"
                                 "graph: {p: {type: linear, input: x, out_features: 1}}\n"
                                 "outputs: [p]\n"
                                 "loss: mean(square(p - y))\n"
                                 "data: {train: {x: [[1], [2], [3]], y: [[1], [1], [2]]}}\n"
                                 "train:\n"
                                 "  batch_size: 1\n"
                                 "  %s\n"
                                 "  %s\n"
                                 "  optimizer: {type: sgd, lr: %s}\n";

static const struct {
    const char *length, *setting, *lr;
    const char *line; /* without the file's name; NULL: nothing is said */
} cases[] = {
    {"epochs: 8", "early_stopping: {patience: 7}", "0.01", NULL},
    {"epochs: 8", "early_stopping: {patience: 8}", "0.01",
     ":12:30: `patience: 8` of 8 epochs: it never ends the run\n"},
    {"steps: 22", "early_stopping: {patience: 7}", "0.01", NULL},
    {"steps: 1", "early_stopping: {patience: 1}", "0.01",
     ":12:30: `patience: 1` of 1 epoch: it never ends the run\n"},
    {"epochs: 8", "reduce_on_plateau: {patience: 8}", "0.01",
     ":12:33: `patience: 8` of 8 epochs: it never lowers the rate\n"},
    {"epochs: 8", "reduce_on_plateau: {patience: 7}", "0.01", NULL},
    {"epochs: 8", "average: {start: 8}", "0.01",
     ":12:20: `start: 8` of 8 epochs: the averaging never begins\n"},
    {"epochs: 8", "average: {start: 7}", "0.01", NULL},
    {"epochs: 8", "accumulate: 4", "0.01",
     ":12:15: `accumulate: 4`, but an epoch has 3 batches: a step takes these, and is an epoch\n"},
    {"epochs: 8", "accumulate: 3", "0.01", NULL},
    {"epochs: 8", "keep_every: 9", "0.01",
     ":12:15: `keep_every: 9` of 8 epochs: no weights of an epoch are kept\n"},
    {"epochs: 8", "keep_every: 8", "0.01", NULL},
    {"epochs: 8", "log_every: 25", "0.01",
     ":12:14: `log_every: 25` of 24 steps: no step is noted\n"},
    {"epochs: 8", "log_every: 24", "0.01", NULL},
    {"epochs: 8", "schedule: {type: cosine, warmup_steps: 23}", "0.01", NULL},
    {"epochs: 8", "schedule: {type: cosine, warmup_steps: 24}", "0.01",
     ":12:42: `warmup_steps: 24` of 24 steps: the warm-up does not end\n"},
    {"epochs: 8", "schedule: {type: step, step_size: 8}", "0.01",
     ":12:37: `step_size: 8` of 8 epochs: the rate never changes\n"},
    {"epochs: 8", "schedule: {type: cosine_restarts, period: 24}", "0.01",
     ":12:45: `period: 24` of 24 steps: the first wave does not end\n"},
    {"epochs: 8", "schedule: {type: multi_step, milestones: [3, 7]}", "0.01", NULL},
    {"epochs: 8", "schedule: {type: multi_step, milestones: [3, 8]}", "0.01",
     ":12:48: the milestone 8 is never reached: the schedule has 8 epochs, counted from 0\n"},
    {"epochs: 8", "schedule: [{type: constant, steps: 23}, cosine]", "0.01", NULL},
    {"epochs: 8", "schedule: [{type: constant, epochs: 8}, cosine]", "0.01",
     ":12:43: this schedule is never reached: those before it take 24 steps, and the run has 24\n"},
    {"epochs: 8", "schedule: [{type: step, step_size: 2, epochs: 2}, cosine]", "0.01",
     ":12:38: `step_size: 2` of 2 epochs: the rate never changes\n"},
    {"epochs: 8", "seed: 1", "0",
     ":13:30: the learning rate is 0 in every step: no weight changes\n"},
    {"epochs: 8", "schedule: {formula: 0.001 * step}", "0", NULL},
    {"epochs: 8", "schedule: {formula: 0 * step}", "1",
     ":13:30: the learning rate is 0 in every step: no weight changes\n"},

    {"epochs: 8", "seed: 1", "0.1, groups: {p.bias: {frozen_until: 8}}",
     ":13:67: `frozen_until: 8` of 8 epochs: these parameters are never trained\n"},
    {"epochs: 8", "seed: 1", "0.1, groups: {p.bias: {frozen_until: 7}}", NULL},
};

static void expect_advice(const char *what, const char *advice, const char *path,
                          const char *line) {
    char wanted[400];
    snprintf(wanted, sizeof wanted, "%s%s", line ? path : "", line ? line : "");
    cr_expect_str_eq(advice, wanted, "%s: '%s', not '%s'", what, advice, wanted);
}

Test(advice, what_can_never_happen_is_told) {
    const workspace w = workspace_make();
    char path[300];
    snprintf(path, sizeof path, "%s", workspace_path(&w, "t.yaml"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000];
        yg_error error = {0};
        yg_train_result result;
        yg_gradient_checks checks;
        snprintf(text, sizeof text, model_text, cases[i].length, cases[i].setting, cases[i].lr);
        yg_model *model = workspace_model(&w, "t.yaml", text);
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        cr_assert(yg_train(model, &options, &result, &error), "%s: %s", cases[i].setting,
                  error.message);
        expect_advice(cases[i].setting, result.advice, path, cases[i].line);
        yg_train_result_free(&result);
        cr_assert(yg_check_gradients(model, &(yg_gradients_options){.threads = 1}, &checks, &error),
                  "%s", error.message);
        expect_advice(cases[i].setting, checks.advice, path, cases[i].line);
        yg_gradient_checks_free(&checks);
        yg_model_free(model);
        workspace_remove_folder(&w, "run");
    }
    workspace_remove(&w);
}
