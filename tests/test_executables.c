/*
 * What is read of a network after it ran: results that are parameters, views or broadcasts of
 * parameters, inputs and constants. Programs share the parameters' buffers, which are not the ones
 * that a program is compiled with.
 */
#include "data/safetensors.h"
#include "train/gradients.h"
#include "train/predict.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parameters w = [0.5, 0.25], v = [2, 3], s = 0.125, t = [7], u = [0.125, 0.125]; examples x = [1,
 * 2], [3, 4]. */
static const char form[] =
    "format: 1\n"
    "name: leaves\n"
    "inputs: {x: [B, 2]}\n"
    "params:\n"
    "  w: {shape: [2], init: zeros}\n"
    "  v: {shape: [2], init: zeros}\n"
    "  s: {shape: [], init: zeros}\n"
    "  t: {shape: [1], init: zeros}\n"
    "  u: {shape: [2], init: {type: constant, value: 0.125}}\n"
    "graph:\n"
    "  out: %s\n"
    "outputs: [out]\n"
    "loss: %s\n"
    "metrics: {m: \"%s\", all: sum(w) + sum(v) + s + sum(t) + sum(u) + mean(x)}\n"
    "data: {train: {x: [[1, 2], [3, 4]]}, validation: {x: [[1, 2], [3, 4]]}}\n"
    "train: {epochs: 1, batch_size: 2, optimizer: {type: sgd, lr: 0}}\n";

static yg_model *make_model(const workspace *w, const char *out, const char *loss,
                            const char *metric) {
    char text[2048];
    snprintf(text, sizeof text, form, out, loss, metric);
    return workspace_model(w, "leaves.yaml", text);
}

static void add(yg_tensor_file *file, const char *name, int rank, int64_t size,
                const float *values) {
    yg_type type;
    cr_assert(yg_type_make(YG_F32, rank, &size, &type, NULL));
    cr_assert(yg_tensor_file_add(file, name, &type, values, NULL));
}

static void write_weights(const workspace *w) {
    yg_tensor_file file = {0};
    yg_error error = {0};
    add(&file, "w", 1, 2, (float[]){0.5F, 0.25F});
    add(&file, "v", 1, 2, (float[]){2, 3});
    add(&file, "s", 0, 0, (float[]){0.125F});
    add(&file, "t", 1, 1, (float[]){7});
    add(&file, "u", 1, 2, (float[]){0.125F, 0.125F});
    cr_assert(yg_safetensors_write(workspace_path(w, "w.safetensors"), &file, &error), "%s",
              error.message);
    yg_tensor_file_free(&file);
}

Test(executables, gradients_that_are_leaves) {
    static const struct {
        const char *loss;
        double value, w[2], v[2], s, t;
    } cases[] = {
        {"sum(w * v)", 1.75, {2, 3}, {0.5, 0.25}, 0, 0},
        {"sum(w) + sum(v)", 5.75, {1, 1}, {1, 1}, 0, 0},
        {"s", 0.125, {0, 0}, {0, 0}, 1, 0},
        {"reshape(t, [])", 7, {0, 0}, {0, 0}, 0, 1},
        {"sum(v * s)", 0.625, {0, 0}, {0.125, 0.125}, 5, 0},
        {"sum(t * w)", 5.25, {7, 7}, {0, 0}, 0, 0.75},
        {"mean(x) * s", 0.3125, {0, 0}, {0, 0}, 2.5, 0},
        {"2.5 * s + sum(x * w)", 3.8125, {4, 6}, {0, 0}, 2.5, 0},
    };
    const workspace w = workspace_make();
    write_weights(&w);
    char weights[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "w.safetensors"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int d = 0; d < 2; d++) {
            yg_model *model = make_model(&w, "x", cases[i].loss, "s");
            const yg_gradients_options options = {
                .weights = weights, .dtype = d ? YG_F64 : YG_F32, .threads = 1};
            yg_error error = {0};
            yg_gradients gradients;
            cr_assert(yg_loss_gradients(model, &options, &gradients, &error), "%s", error.message);
            cr_expect_eq(gradients.loss, cases[i].value, "%s: %g", cases[i].loss, gradients.loss);
            cr_assert_eq(gradients.count, 5);
            const double *const expected[] = {cases[i].w, cases[i].v, &cases[i].s, &cases[i].t};
            for (size_t p = 0; p < 4; p++)
                for (int64_t e = 0; e < yg_type_count(&gradients.parameters[p].type); e++) {
                    const yg_parameter_gradient *g = &gradients.parameters[p];
                    const double found = yg_element_get(g->type.dtype, g->data, e);
                    cr_expect_eq(found, expected[p][e], "%s: gradient of %s is %g, not %g",
                                 cases[i].loss, g->name, found, expected[p][e]);
                }
            yg_gradients_free(&gradients);
            yg_gradient_checks checks;
            cr_assert(yg_check_gradients(model, &options, &checks, &error), "%s", error.message);
            cr_expect(checks.passed, "%s", cases[i].loss);
            cr_expect_eq(checks.loss, cases[i].value, "%s: %g", cases[i].loss, checks.loss);
            yg_gradient_checks_free(&checks);
            yg_model_free(model);
        }
    workspace_remove(&w);
}

Test(executables, losses_and_metrics_that_are_leaves) {
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"s", 0.125},   {"reshape(t, [])", 7}, {"squeeze(t)", 7},
        {"w[1]", 0.25}, {"2.5", 2.5},          {"mean(x)", 2.5},
    };
    const workspace w = workspace_make();
    write_weights(&w);
    char weights[256], out[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "w.safetensors"));
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_model *model = make_model(&w, "x", "sum(w * v)", cases[i].text);
        yg_error error = {0};
        yg_scores scores;
        cr_assert(yg_evaluate(model, &(yg_evaluate_options){.weights = weights, .threads = 1},
                              &scores, NULL, &error),
                  "%s", error.message);
        cr_expect_eq(scores.loss, 1.75, "%g", scores.loss);
        cr_expect_eq(scores.metrics[0].value, cases[i].value, "eval, %s: %g", cases[i].text,
                     scores.metrics[0].value);
        yg_scores_free(&scores);
        yg_train_result result;
        cr_assert(yg_train(model, &(yg_train_options){.weights = weights, .out = out, .threads = 1},
                           &result, &error),
                  "%s", error.message);
        cr_expect_eq(result.training.loss, 1.75, "%g", result.training.loss);
        cr_expect_eq(result.training.metrics[0].value, cases[i].value, "train, %s: %g",
                     cases[i].text, result.training.metrics[0].value);
        yg_train_result_free(&result);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

static void take_metric(void *context, const yg_train_progress *progress) {
    if (progress->epoch_end)
        *(double *)context = progress->training.metrics[0].value;
}

/* In the scores that an epoch gathers, metrics and the loss are computed from the same parameters:
 * those before the update. That also
 * holds for a metric that is a parameter, though the step writes over it. */
Test(executables, a_metric_that_is_a_parameter_is_of_before_the_update) {
    static const char *const metrics[] = {"s",     "squeeze(u[1:])", "1.0 * s",
                                          "s + 0", "reshape(s, [])", "mean(x) * 0 + s"};
    const workspace w = workspace_make();
    write_weights(&w);
    char weights[256], out[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "w.safetensors"));
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        yg_model *model = make_model(&w, "x", "4 * s + sum(w * v) + sum(u)", metrics[i]);
        yg_error error = {0};
        yg_train_result result;
        double value = 0;
        const yg_train_options options = {.weights = weights,
                                          .out = out,
                                          .threads = 1,
                                          .has_lr = true,
                                          .lr = 0.5,
                                          .progress = take_metric,
                                          .context = &value};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        cr_expect_eq(value, 0.125, "%s: %g", metrics[i], value);
        /* At the kept weights, which are those after it: 0.125 - 4 · 0.5. */
        if (i != 1)
            cr_expect_eq(result.training.metrics[0].value, -1.875, "%s: %g", metrics[i],
                         result.training.metrics[0].value);
        yg_train_result_free(&result);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(executables, outputs_that_are_leaves) {
    static const struct {
        const char *text, *answer;
    } cases[] = {
        {"x", "out.0,out.1\n10,20\n30,40\n50,60\n"},
        {"broadcast(w, [B, 2])", "out.0,out.1\n0.5,0.25\n0.5,0.25\n0.5,0.25\n"},
        {"broadcast(s, [B, 1])", "out\n0.125\n0.125\n0.125\n"},
        {"broadcast(2.5, [B, 1])", "out\n2.5\n2.5\n2.5\n"},
        {"reshape(x, [B, 2, 1])", "out.0,out.1\n10,20\n30,40\n50,60\n"},
        {"x[:, 1:]", "out\n20\n40\n60\n"},
    };
    const workspace w = workspace_make();
    write_weights(&w);
    char weights[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "w.safetensors"));
    static const char csv[] = "a,b\n10,20\n30,40\n50,60\n";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_model *model = make_model(&w, cases[i].text, "sum(w * v)", "s");
        yg_error error = {0};
        char *answer = NULL;
        size_t size;
        FILE *in = fmemopen((void *)(uintptr_t)csv, strlen(csv), "rb");
        FILE *out = open_memstream(&answer, &size);
        const yg_predict_options options = {.weights = weights, .threads = 1, .batch_size = 2};
        cr_assert(yg_predict(model, &options, in, "in.csv", out, NULL, &error), "%s: %s",
                  cases[i].text, error.message);
        fclose(in);
        fclose(out);
        cr_expect_str_eq(answer, cases[i].answer, "%s: %s", cases[i].text, answer);
        free(answer);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
