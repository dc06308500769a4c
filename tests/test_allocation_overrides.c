/*
 * Values from the command line, vars in `data` and `train`, and the copy of the model with them,
 * with allocations that fail: a clean error or the right result, and nothing left behind.
 */
#include "fault_injection.h"
#include "train/model_copy.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "format: 1\n"
                           "vars: {n: 4, rate: 0.5, half: rate / 2, files: \"['a.csv']\"}\n"
                           "inputs: {x: [B, 2]}\n"
                           "targets: {y: [B, 1]}\n"
                           "graph:\n"
                           "  h: {type: linear, out_features: n}\n"
                           "  p: {type: linear, out_features: 1}\n"
                           "outputs:\n- p\n"
                           "loss: mse(p, y)\n"
                           "data:\n"
                           "  train: {csv: files, x: [a, b], y: c}\n"
                           "train:\n"
                           "  epochs: n // 2\n"
                           "  early_stopping:\n"
                           "  optimizer: {type: adam, lr: half}\n";

static const char *const sets[] = {"train.optimizer.lr=0.125",
                                   "n=maximum(2, 3)",
                                   "train.early_stopping.patience=2",
                                   "train.early_stopping.min_delta=0.5",
                                   "train.clip_grad_norm=1",
                                   "data.validation={from: train, fraction: 0.25}",
                                   "data.validation.fraction=0.5",
                                   "train.optimizer.groups.\"*.bias\".lr=0.1",
                                   "outputs={q: p}",
                                   "loss=l1(p, y)"};

/* *whole becomes the copy of the model. */
static bool pass(const char *path, char **whole, yg_error *error) {
    enum { COUNT = sizeof sets / sizeof *sets };
    const yg_model_options options = {.overrides = sets, .override_count = COUNT};
    const yg_train_options run = {.overrides = sets, .override_count = COUNT};
    yg_model_copy copy = {0};
    *whole = NULL;
    yg_model *model = yg_model_load(path, &options, error);
    if (model && yg_model_copy_make(model, &run, false, &copy, error)) {
        *whole = copy.model;
        copy.model = NULL;
    }
    yg_model_copy_free(&copy);
    yg_model_free(model);
    return *whole != NULL;
}

Test(allocation_overrides, each_failure_is_a_clean_error) {
    const workspace w = workspace_make();
    char path[256], *whole, *copy;
    yg_error error = {0};
    workspace_write(&w, "model.yaml", text);
    workspace_write(&w, "a.csv", "a,b,c\n1,2,3\n");
    snprintf(path, sizeof path, "%s", workspace_path(&w, "model.yaml"));
    cr_assert(pass(path, &whole, &error), "%s: %s", error.file, error.message);
    cr_assert_not_null(strstr(whole, "early_stopping: {min_delta: 0.5, patience: 2}"), "%s", whole);
    uint64_t n = 1;
    for (bool more = true; more; n++) {
        error = (yg_error){0};
        fault_injection_begin(n);
        const bool good = pass(path, &copy, &error);
        if (good) {
            cr_expect_str_eq(copy, whole, "allocation %d", (int)n);
            free(copy);
        }
        const fault_report report = fault_injection_end();
        more = report.failed;
        /* What realpath() allocates within the C library is freed here, and counts as -1. */
        cr_expect(report.left == 0 || report.left == -1, "allocation %d: %d are left", (int)n,
                  (int)report.left);
        cr_expect(good || error.code == YG_ERROR_MEMORY, "allocation %d: %s", (int)n,
                  error.message);
    }
    cr_expect_gt(n, 100, "%d allocations", (int)n);
    free(whole);
    workspace_remove(&w);
}
