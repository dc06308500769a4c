/*
 * What cannot be trained is told, and what is checked before training.
 */
#include "ops/build.h"
#include "ops/ops.h"
#include "train/gradients.h"
#include "train/optimizer.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char form[] = "format: 1\n"
                           "name: trainable\n"
                           "inputs: {x: [B, 2]}\n"
                           "targets: {y: [B, 1]}\n"
                           "params:\n"
                           "  w: {shape: [1, 2], init: ones%s}\n"
                           "  v: {shape: [1, 2], init: ones%s}\n"
                           "graph:\n"
                           "  a: x @ transpose(w)\n"
                           "  b: x @ transpose(v)\n"
                           "outputs: [a, b]\n"
                           "loss: %s\n"
                           "data: {train: {x: [[1, 2], [3, 4]], y: [[1], [2]]}}\n"
                           "train: {epochs: 2, optimizer: {type: adamw, lr: 0.1}%s}\n";

static yg_model *make_model(const workspace *w, const char *a, const char *b, const char *loss,
                            const char *more) {
    char text[2000];
    snprintf(text, sizeof text, form, a, b, loss, more);
    return workspace_model(w, "trainable.yaml", text);
}

Test(trainable, nothing_to_train_is_an_error) {
    static const struct {
        const char *w, *v, *loss, *message;
    } cases[] = {
        {"", "", "mean(1.0 * argmax(concat([a, b], dim=1), dim=1) - y[:, 0])",
         "depends on no trainable parameter"},
        {"", "", "mse(x[:, 0:1], y)", "depends on no trainable parameter"},
        {"", "", "mean(1.0 * (a > y))", "depends on no trainable parameter"},
        {", trainable: false", "", "mse(a, y)", "depends on no trainable parameter"},
        {", trainable: false", ", trainable: false", "mse(a, y)", "no trainable parameter, so"},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_model *model = make_model(&w, cases[i].w, cases[i].v, cases[i].loss, "");
        yg_error errors[3] = {{0}};
        yg_train_result result;
        yg_gradients gradients;
        yg_gradient_checks checks;
        cr_expect_not(yg_train(model, &(yg_train_options){.out = workspace_path(&w, "run")},
                               &result, &errors[0]));
        cr_expect_not(yg_loss_gradients(model, NULL, &gradients, &errors[1]));
        cr_expect_not(yg_check_gradients(model, NULL, &checks, &errors[2]));
        for (int k = 0; k < 3; k++) {
            cr_expect_not_null(strstr(errors[k].message, cases[i].message), "%s: %s", cases[i].loss,
                               errors[k].message);
            cr_expect_eq(errors[k].line, 12);
        }
        cr_expect_not(workspace_has(&w, "run"));
        yg_train_result_free(&result);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(trainable, what_the_loss_does_not_reach_is_named) {
    const workspace w = workspace_make();
    yg_model *model = make_model(&w, "", "", "mse(a, y)", "");
    yg_error error = {0};
    yg_train_result result;
    cr_assert(
        yg_train(model, &(yg_train_options){.out = workspace_path(&w, "run")}, &result, &error),
        "%s", error.message);
    cr_assert_eq(result.unreached_count, 1u);
    cr_expect_str_eq(result.unreached[0], "v");
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(trainable, metrics_do_not_take_the_name_of_the_loss) {
    const workspace w = workspace_make();
    yg_model *model = make_model(&w, "", "", "mse(a, y)\nmetrics: {loss: mean(b)}", "");
    yg_error error = {0};
    yg_train_result result;
    cr_expect_not(
        yg_train(model, &(yg_train_options){.out = workspace_path(&w, "run")}, &result, &error));
    cr_expect_not_null(strstr(error.message, "a metric cannot be called 'loss'"), "%s",
                       error.message);
    cr_expect_eq(error.line, 13);
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Gradients of any size are scaled to the norm, even if float32 cannot hold the norm's square. */
Test(trainable, clipping_gives_the_norm_whatever_the_size) {
    static const double sizes[] = {3, 3e10, 3e18, 3e25, 3e36};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        yg_graph *graph = yg_graph_new(yg_ops(), 0);
        yg_error error = {0};
        yg_type type;
        cr_assert(yg_type_make(YG_F32, 1, &(int64_t){2}, &type, &error));
        const yg_node inputs[2] = {yg_input(graph, "a", &type), yg_input(graph, "b", &type)};
        yg_node clipped[2] = {inputs[0], inputs[1]};
        cr_assert(yg_clip_grad_norm(graph, clipped, 2, 2, &error), "%s", error.message);
        yg_program *program = yg_compile(graph, clipped, 2, NULL, 0, NULL, &error);
        cr_assert_not_null(program, "%s", error.message);
        for (int k = 0; k < 4; k++)
            ((float *)yg_program_data(program, inputs[k / 2]))[k % 2] = (float)sizes[i];
        cr_assert(yg_program_run(program, 0, 0, &error));
        for (int k = 0; k < 4; k++)
            cr_expect_float_eq(((const float *)yg_program_data(program, clipped[k / 2]))[k % 2], 1,
                               1e-5, "%g", sizes[i]);
        yg_program_free(program);
        yg_graph_free(graph);
    }
}

Test(trainable, a_gradient_of_another_shape_is_refused) {
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    yg_error error = {0};
    yg_type two, three;
    cr_assert(yg_type_make(YG_F32, 1, &(int64_t){2}, &two, &error));
    cr_assert(yg_type_make(YG_F32, 1, &(int64_t){3}, &three, &error));
    const yg_node parameter = yg_parameter(graph, "w", &two);
    const yg_node gradient = yg_input(graph, "g", &three);
    static const char *const types[] = {"sgd", "adam", "adamw"};
    for (size_t i = 0; i < 3; i++) {
        yg_optimizer optimizer;
        yg_optimizer_graph updates;
        error = (yg_error){0};
        cr_assert(yg_optimizer_make(types[i], 0.1, &optimizer, &error));
        cr_expect_not(
            yg_optimizer_build(&optimizer, graph, &parameter, &gradient, 1, &updates, &error));
        cr_expect_not_null(strstr(error.message, "the gradient of 'w' is f32[3]"), "%s",
                           error.message);
    }
    yg_graph_free(graph);
}

/* ------------------------------------------------------------------------------- checking ---- */

Test(trainable, a_check_refuses_what_training_refuses) {
    static const struct {
        const char *more, *message;
    } cases[] = {
        {", sed: 1", "sed"},
        {", early_stopping: {patience: 0}", "patience"},
        {", early_stopping: {patience: 1, monitor: validation.loss}", "has no `validation`"},
        {", clip_grad_norm: -1", "clip_grad_norm"},
        {", dtype: f16", "f16"},
        {"", NULL},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_model *model = make_model(&w, "", "", "mse(a, y)", cases[i].more);
        yg_error error = {0};
        yg_gradient_checks checks;
        const bool good = yg_check_gradients(model, NULL, &checks, &error);
        cr_expect_eq(good, !cases[i].message, "%s: %s", cases[i].more, error.message);
        cr_expect(good || strstr(error.message, cases[i].message), "%s", error.message);
        if (good)
            yg_gradient_checks_free(&checks);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
