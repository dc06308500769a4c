/*
 * Models that tests train before they use the weights: a failure fails the test.
 */
#ifndef YG_TESTS_TRAINED_H
#define YG_TESTS_TRAINED_H

#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Trains into the folder "run" and returns the loss. */
static inline double train(const workspace *w, const yg_model *model) {
    yg_error error = {0};
    yg_train_result result;
    cr_assert(yg_train(model, &(yg_train_options){.out = workspace_path(w, "run"), .threads = 1},
                       &result, &error),
              "%s: %s", error.file, error.message);
    const double loss = result.training.loss;
    yg_train_result_free(&result);
    return loss;
}

/* A trained model whose parameter is still 1, so that predictions are exact. The arguments are text
 * of its inputs, its outputs and its data. */
static inline yg_model *exact_model(const workspace *w, const char *inputs, const char *outputs,
                                    const char *rows) {
    char text[900];
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: exact\n"
             "inputs: {%s}\n"
             "params: {w: {shape: [1], init: ones}}\n"
             "graph: {h: x * w}\n"
             "outputs:\n%s"
             "loss: mean(h)\n"
             "data: {train: {%s}}\n"
             "train: {epochs: 1, optimizer: {type: sgd, lr: 0}}\n",
             inputs, outputs, rows);
    yg_model *model = workspace_model(w, "t.yaml", text);
    train(w, model);
    return model;
}

#endif
