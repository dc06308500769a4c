/*
 * What `train` refuses before its first step although each section by itself can be read: `check`
 * refuses it too, with the same words.
 */
#include "train/gradients.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *params, *loss, *data, *train, *told;
} cases[] = {
    {"w: {shape: [2, 1], init: zeros}", "loss: mean(square(s - y))", "",
     "epochs: 1, optimizer: {type: sgd, lr: 0.1, groups: {v.*: {lr: 0}}}", "v.*"},
    {"w: {shape: [2, 1], init: zeros}", "metrics: {m: mean(y)}", "", "epochs: 1, optimizer: adam",
     "the model has no `loss:`"},
    {"w: {shape: [2, 1], init: zeros, trainable: false}", "loss: mean(square(s - y))", "",
     "epochs: 1, optimizer: adam", "no trainable parameter"},
    {"w: {shape: [2, 1], init: zeros}", "loss: mean(cast(s > y, dtype=f32))", "",
     "epochs: 1, optimizer: adam", "by a differentiable path"},
    {"w: {shape: [2, 1], init: zeros}", "loss: mean(square(s - y))", "", "optimizer: adam",
     "does not say how long"},
    {"w: {shape: [2, 1], init: zeros}", "loss: mean(square(s - y))", "x: [[1, 1e39], [2, 3]]",
     "epochs: 1, optimizer: adam", "'1e39' is too large"},
    {"w: {shape: [2, 1], init: zeros}", "loss: mean(square(s - y))", "",
     "epochs: 1, optimizer: adam, early_stopping: {monitor: validation.loss, patience: 1}",
     "has no `validation`"},
    {"w: {shape: [2, 1], init: zeros}", "loss: mean(square(s - y))", "",
     "epochs: 30, optimizer: {type: sgd, lr: 0.1}, schedule: {formula: lr - 0.01 * step}",
     "at step 12 of 30"},
    {"w: {shape: [2, 1], init: zeros}", "loss: mean(square(s - y))", "",
     "epochs: 9000000000000000000, batch_size: 1, optimizer: adam", "are too many"},
    {"w: {shape: [2, 1], init: zeros}", "loss: mean(square(s - y))", "",
     "epochs: 1, batch_size: 1, optimizer: {type: lbfgs}, accumulate: 2", "lbfgs"},
    {"w: {shape: [2, 1], init: zeros}", "loss: \"mean(reshape(s - y, [2, -1]))\"",
     "x: [[1, 2], [2, 3], [3, 4]], y: [[1], [2], [3]]", "epochs: 1, batch_size: 2, optimizer: adam",
     "which has 1 of 3 examples; `drop_last: true` leaves it out"},
};

/* Nothing of it may be written. */
static void expect_refused(const workspace *w, const yg_model *model, const char *told, size_t i) {
    const yg_train_options options = {.out = workspace_path(w, "run"), .threads = 1};
    const yg_gradients_options at = {.threads = 1};
    yg_error trained = {0}, checked = {0};
    yg_train_result result;
    yg_gradient_checks checks;
    cr_expect_not(yg_train(model, &options, &result, &trained), "case %zu", i);
    yg_train_result_free(&result);
    cr_expect_not(workspace_has(w, "run"), "case %zu", i);
    const bool passed = yg_check_gradients(model, &at, &checks, &checked);
    if (passed)
        yg_gradient_checks_free(&checks);
    cr_expect_not(passed, "case %zu: train says: %s", i, trained.message);
    cr_expect_str_eq(checked.message, trained.message, "case %zu: %s", i, checked.message);
    cr_expect(checked.line == trained.line && checked.column == trained.column, "case %zu", i);
    cr_expect_not_null(strstr(trained.message, told), "case %zu: %s", i, trained.message);
}

Test(refused_runs, check_refuses_what_train_would) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000];
        const char *x = *cases[i].data ? cases[i].data : "x: [[1, 2], [2, 3]]";
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "name: refused\n"
                 "inputs: {x: [B, 2]}\n"
                 "targets: {y: [B, 1]}\n"
                 "params: {%s}\n"
                 "graph: {s: x @ w}\n"
                 "outputs: [s]\n"
                 "%s\n"
                 "data: {train: {%s%s}}\n"
                 "train: {%s}\n",
                 cases[i].params, cases[i].loss, x, strstr(x, "y:") ? "" : ", y: [[1], [2]]",
                 cases[i].train);
        yg_error error = {0};
        workspace_write(&w, "t.yaml", text);
        yg_model *model = yg_model_load(workspace_path(&w, "t.yaml"), NULL, &error);
        cr_expect_not_null(model, "case %zu: %s", i, error.message);
        if (model)
            expect_refused(&w, model, cases[i].told, i);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
