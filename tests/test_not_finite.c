/*
 * A loss that is not finite: the node that it comes from, told with its place and the step at which
 * it went wrong.
 */
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

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
    {"0.5", "h + 0", "mean(square(s - y))", "10", 10, 12, "the loss is infinite at step 13",
     "begins at step 13: a node (square, ", "a lower learning rate"},
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
    cr_expect_str_eq(rest.message, whole.message);
    yg_model_free(model);
    workspace_remove(&w);
}
