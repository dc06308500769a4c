/*
 * Lists of numbers as constant tensors: in expressions, as operands, as initial values. Each
 * expression is computed and compared with numbers worked out by hand.
 */
#include "model_text.h"
#include "network_run.h"
#include "train/gradients.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `y` from x = [[1, 2, 3]]. Vars and a layer type with lists stand above it. */
static const char head[] = "format: 1\n"
                           "vars: {weights: [1, 2, 5], rows: [[10, 20, 30], [40, 50, 60]]}\n"
                           "define:\n"
                           "  weighted:\n"
                           "    args: {by: {type: floats, default: [2, 0.5, 1]}}\n"
                           "    inputs: {x: [...]}\n"
                           "    graph: {y: x * by}\n"
                           "    outputs: [y]\n"
                           "inputs: {x: [B, 3]}\n"
                           "graph:\n"
                           "  used: {type: weighted, input: sum(rows) + weights}\n";

static const struct {
    const char *graph;
    double values[8];
    size_t count;
} cases[] = {
    {"y: x * [1, 2, 5]", {1, 4, 15}, 3},
    {"y: \"[1, 2, 5] * x\"", {1, 4, 15}, 3},
    {"y: x * weights", {1, 4, 15}, 3},
    {"y: x * [0.5, 1, 2]", {0.5, 2, 6}, 3},
    {"y: cast(x, i64) * [1, 2, 2.5]", {1, 4, 7.5}, 3},
    {"y: x + -[1, 2, 3]", {0, 0, 0}, 3},
    {"y: x + [1, 2, 3] / 2", {1.5, 3, 4.5}, 3},
    {"y: x + 2 * weights - [1, 1, 1]", {2, 5, 12}, 3},
    {"y: sum(x, dim=0) + [[10], [20]]", {11, 12, 13, 21, 22, 23}, 6},
    {"y: x @ [[1, 2], [3, 4], [5, 6.5]]", {22, 29.5}, 2},
    {"y: x + rows[1, :]", {41, 52, 63}, 3},
    {"y: x + rows[:, 2][1]", {61, 62, 63}, 3},
    {"y: x + weights[0:1]", {2, 3, 4}, 3},
    {"y: x + rows[1][0]", {41, 42, 43}, 3},
    {"y: x * [size(x, 1), 2 ** 3, weights[2]]", {3, 16, 15}, 3},
    {"k: [1, 2, 5]\n  y: x * k + k", {2, 6, 20}, 3},
    {"k: [[1, 2], [3, 4], [5, 6]]\n  y: x @ k", {22, 28}, 2},
    {"y: where([true, false, true], x, 0)", {1, 0, 3}, 3},
    {"y: where(x == [1, 5, 3], x, 0)", {1, 0, 3}, 3},
    {"y: concat([x, [[4, 5, 6]]], dim=0)", {1, 2, 3, 4, 5, 6}, 6},
    {"y: stack([[1, 2, 3], [4, 5, 6.5]]) + sum(x, dim=0)", {2, 4, 6, 5, 7, 9.5}, 6},
    {"y: index_select(x, [2, 0], dim=1)", {3, 1}, 2},
    {"y: gather(x, index=[[0, 2]], dim=1)", {1, 3}, 2},
    {"y: x + sum([1, 2, 3.5])", {7.5, 8.5, 9.5}, 3},
    {"y: x + ([9007199254740993] - [9007199254740992])", {2, 3, 4}, 3},
    {"y: layer_norm(x - x, normalized_shape=[3], weight=[1, 1, 1], bias=[4, 5, 6])", {4, 5, 6}, 3},
    {"y: {type: weighted, input: x}", {2, 1, 3}, 3},
    {"y: {type: weighted, input: x, by: weights}", {1, 4, 15}, 3},
    {"a, y:\n"
     "    scan: {x_t: x}\n"
     "    carry: {h: \"x[:, 0:2] * 0\"}\n"
     "    graph: {h: \"h + [1, 10]\"}\n"
     "    collect: [h]",
     {3, 30},
     2},
};

static void expect_values(const char *text, const char *output, const double *values,
                          size_t count) {
    static const double x[] = {1, 2, 3};
    const yg_dim dim = {"B", 1};
    const yg_network_options options = {.dims = &dim, .dim_count = 1, .dtype = YG_F64};
    yg_error error = {0};
    network_run run = {0};
    size_t found = 0;
    yg_model *model = model_from_text(text, &error);
    cr_expect(model != NULL, "%s\n%s", text, error.message);
    if (!model || !network_run_open(&run, model, &options, &error) ||
        !network_run_initialize(&run, 1, &error)) {
        cr_expect(false, "%s\n%s", text, error.message);
        yg_model_free(model);
        return;
    }
    network_run_set(&run, "x", x);
    cr_assert(yg_program_run(run.program, 0, 0, &error), "%s", error.message);
    double *y = network_run_get(&run, output, &found);
    cr_expect_eq(found, count, "%s: %zu elements", text, found);
    for (size_t i = 0; y && i < count && i < found; i++)
        cr_expect_eq(y[i], values[i], "%s: element %zu is %.17g", text, i, y[i]);
    free(y);
    network_run_close(&run);
    yg_model_free(model);
}

Test(list_tensors, stand_wherever_a_tensor_does) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[2000];
        snprintf(text, sizeof text, "%s  %s\noutputs: [y, used]\n", head, cases[i].graph);
        expect_values(text, "y", cases[i].values, cases[i].count);
    }
}

/* The expanded model says the same. */
Test(list_tensors, are_expanded) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[2000];
        yg_error error = {0};
        snprintf(text, sizeof text, "%s  %s\noutputs: [y, used]\n", head, cases[i].graph);
        yg_model *model = model_from_text(text, &error);
        cr_assert_not_null(model, "%s", error.message);
        char *expanded = yg_model_expand(model, &error);
        cr_assert_not_null(expanded, "%s: %s", cases[i].graph, error.message);
        expect_values(expanded, "y", cases[i].values, cases[i].count);
        free(expanded);
        yg_model_free(model);
    }
}

static const struct {
    const char *param;
    double values[6];
    size_t count;
} initial[] = {
    {"{shape: [3], init: [1, 2, 5]}", {1, 2, 5}, 3},
    {"{shape: [3], init: weights}", {1, 2, 5}, 3},
    {"{shape: [2, 3], init: rows}", {10, 20, 30, 40, 50, 60}, 6},
    {"{shape: [2, 1], init: [[0.1], [\"weights[1] / 8\"]]}", {0.1, 0.25}, 2},
    {"{shape: [3], init: {type: list, values: weights}}", {1, 2, 5}, 3},
    {"{shape: [3], init: {type: list, values: [4, 5, 6], zero_row: -1}}", {4, 5, 0}, 3},
};

Test(list_tensors, are_initial_values) {
    for (size_t i = 0; i < sizeof initial / sizeof *initial; i++) {
        char text[2000];
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "vars: {weights: [1, 2, 5], rows: [[10, 20, 30], [40, 50, 60]]}\n"
                 "inputs: {x: [B, 3]}\nparams:\n  w: %s\noutputs:\n  y: w + 0 * (sum(x) + "
                 "sum(weights) + sum(rows))\n",
                 initial[i].param);
        expect_values(text, "y", initial[i].values, initial[i].count);
        yg_error error = {0};
        yg_model *model = model_from_text(text, &error);
        char *expanded = model ? yg_model_expand(model, &error) : NULL;
        cr_assert_not_null(expanded, "%s", error.message);
        expect_values(expanded, "y", initial[i].values, initial[i].count);
        free(expanded);
        yg_model_free(model);
    }
}

Test(list_tensors, have_gradients_around_them) {
    yg_error error = {0};
    yg_model *model =
        model_from_text("format: 1\n"
                        "inputs: {x: [B, 3]}\n"
                        "targets: {y: {shape: [B], dtype: i32, classes: 3}}\n"
                        "params: {w: {shape: [3, 3], init: [[1, 2, 3], [0.5, 1, -1], [0, 2, 1]]}}\n"
                        "graph:\n  z: x @ (w * [1, 2, 0.5]) @ [[1, 0, 1], [0, 1, 1], [1, 1, 0]]\n"
                        "outputs: [z]\n"
                        "loss: cross_entropy(z, y, weight=[1, 2, 5])\n"
                        "data: {train: {x: [[1, 2, 3], [0.1, 0.2, -0.3]], y: [0, 2]}}\n"
                        "train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}\n",
                        &error);
    cr_assert_not_null(model, "%s", error.message);
    yg_gradient_checks checks;
    cr_assert(yg_check_gradients(model, NULL, &checks, &error), "%s", error.message);
    cr_expect(checks.passed);
    cr_expect_eq(checks.count, 1);
    yg_gradient_checks_free(&checks);
    yg_model_free(model);
}
