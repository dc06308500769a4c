/*
 * Every model file of models/: it loads, its graph is sound, and what `expand` prints is a model
 * with the same parameters, values and gradients.
 */
#include "model_text.h"
#include "network_run.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* There must be model files: without this check, a folder that is not found would pass. */
#define FEWEST 7

static void fail_with(const char *name, const yg_error *error) {
    char text[1600];
    yg_error_text(error, text, sizeof text);
    cr_assert_fail("%s: %s", name, text);
}

static void for_each_model(void (*check)(const char *name, const yg_model *model)) {
    DIR *folder = opendir(YG_SOURCE "/models");
    size_t count = 0;
    cr_assert_not_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[600];
        yg_error error = {0};
        const size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".yaml") != 0)
            continue;
        snprintf(path, sizeof path, "%s/models/%s", YG_SOURCE, entry->d_name);
        yg_model *model = yg_model_load(path, NULL, &error);
        if (model == NULL)
            fail_with(entry->d_name, &error);
        check(entry->d_name, model);
        yg_model_free(model);
        count++;
    }
    closedir(folder);
    cr_assert_geq(count, FEWEST);
}

/* A weight that begins as 0 hides the gradients of all parameters before it. */
static void leave_zero(network_run *run) {
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(run->network, &count);
    for (size_t i = 0; i < count; i++) {
        double *values = yg_program_data(run->program, parameters[i].node);
        const int64_t size =
            yg_type_count(yg_node_type(yg_network_graph(run->network), parameters[i].node));
        bool zero = parameters[i].trainable && values;
        for (int64_t k = 0; zero && k < size; k++)
            zero = values[k] == 0;
        for (int64_t k = 0; zero && k < size; k++)
            values[k] = 0.1;
    }
}

static void open_run(const char *name, const yg_model *model, int64_t batch, network_run *run) {
    const yg_dim dims[] = {{"B", batch}, {"T", 4}};
    const yg_network_options options = {
        .dims = dims, .dim_count = 2, .training = false, .dtype = YG_F64};
    yg_error error = {0};
    if (!network_run_open(run, model, &options, &error) || !network_run_initialize(run, 5, &error))
        fail_with(name, &error);
    leave_zero(run);
    network_run_draw(run, 9);
    if (!yg_program_run(run->program, 0, 0, &error))
        fail_with(name, &error);
}

static void check_sound(const char *name, const yg_model *model) {
    network_run run;
    yg_error error = {0};
    size_t count;
    open_run(name, model, 6, &run);
    cr_expect(yg_graph_verify(yg_network_graph(run.network), &error), "%s: %s", name,
              error.message);
    cr_expect_neq(yg_model_doc(model)[0], '\0', "%s has no doc", name);
    cr_expect_not_null(yg_model_section(model, "train"), "%s", name);
    cr_expect_not_null(yg_model_section(model, "data"), "%s", name);
    double *loss = network_run_get(&run, "loss", &count);
    cr_assert_not_null(loss, "%s", name);
    cr_expect(isfinite(loss[0]) && loss[0] > 0, "%s: the loss is %g", name, loss[0]);
    free(loss);
    /* Every parameter that is trained has a gradient somewhere. */
    const yg_network_parameter *parameters = yg_network_parameters(run.network, &count);
    for (size_t i = 0; i < count; i++) {
        char what[200];
        size_t elements;
        double largest = 0;
        if (!parameters[i].trainable)
            continue;
        snprintf(what, sizeof what, "gradient %s", parameters[i].name);
        double *gradient = network_run_get(&run, what, &elements);
        for (size_t k = 0; k < elements; k++)
            largest = fmax(largest, fabs(gradient[k]));
        cr_expect(largest > 0, "%s: %s is 0", name, what);
        free(gradient);
    }
    network_run_close(&run);
}

Test(models, load_and_have_gradients) {
    for_each_model(check_sound);
}

static void expect_same(const char *name, const char *what, const network_run *a,
                        const network_run *b) {
    size_t count = 0, other = 0;
    double *x = network_run_get(a, what, &count), *y = network_run_get(b, what, &other);
    cr_assert(x != NULL && y != NULL && count == other, "%s: %s", name, what);
    cr_expect_eq(memcmp(x, y, count * sizeof *x), 0, "%s: %s differs when expanded", name, what);
    free(x);
    free(y);
}

static void compare_expanded(const char *name, const yg_model *model, const char *text) {
    yg_error error = {0};
    yg_model *expanded = model_from_text(text, &error);
    if (expanded == NULL)
        fail_with(text, &error);
    cr_expect_null(strstr(text, "type: linear"), "%s", text);
    /* A batch size that it was not expanded with. */
    network_run a, b;
    open_run(name, model, 5, &a);
    open_run(name, expanded, 5, &b);
    size_t count, other;
    const yg_network_parameter *left = yg_network_parameters(a.network, &count);
    const yg_network_parameter *right = yg_network_parameters(b.network, &other);
    cr_assert_eq(count, other, "%s", name);
    for (size_t i = 0; i < count; i++) {
        char what[200];
        cr_expect_str_eq(left[i].name, right[i].name);
        cr_expect_eq(left[i].trainable, right[i].trainable);
        snprintf(what, sizeof what, "gradient %s", left[i].name);
        expect_same(name, what, &a, &b);
    }
    const yg_tensor_name *outputs = yg_network_outputs(a.network, &count);
    for (size_t i = 0; i < count; i++)
        expect_same(name, outputs[i].name, &a, &b);
    expect_same(name, "loss", &a, &b);
    yg_network_metrics(a.network, &count);
    yg_network_metrics(b.network, &other);
    cr_expect_eq(count, other);
    network_run_close(&a);
    network_run_close(&b);
    /* Expanding what is expanded changes nothing. */
    char *again = yg_model_expand(expanded, &error);
    cr_assert_not_null(again, "%s", error.message);
    cr_expect_str_eq(again, text, "%s", name);
    free(again);
    yg_model_free(expanded);
}

static void check_expanded(const char *name, const yg_model *model) {
    yg_error error = {0};
    char *text = yg_model_expand(model, &error);
    if (text == NULL)
        fail_with(name, &error);
    compare_expanded(name, model, text);
    free(text);
}

Test(models, expanded_ones_are_the_same) {
    for_each_model(check_expanded);
}

/* Uses what the model files do not: symbolic sizes in bodies, several results, `if`, sharing,
 * formulas as inputs and outputs, lists, choices, constants of training. */
static const char all_of_it[] =
    "format: 1\n"
    "doc: \"Quotes: \\\"and\\\" commas, #1\"\n"
    "vars: {n: 3, sizes: [4, 3]}\n"
    "define:\n"
    "  mix:\n"
    "    args:\n"
    "      k: {type: int, default: 2}\n"
    "      rate: {type: float, default: 0.5}\n"
    "      way: {type: choice, choices: [plus, minus], default: minus}\n"
    "      f: {type: op, default: leaky_relu(0.2)}\n"
    "      inner: {type: layer}\n"
    "      init: {type: init, default: {type: normal, std: 0.3}}\n"
    "    inputs: {a: [Rows, Cols, width], b: [..., width]}\n"
    "    params:\n"
    "      w: {shape: [k * width], init: init}\n"
    "      fixed: {shape: [width], init: ones, trainable: false}\n"
    "      unused: {shape: [1], init: ones, if: k > 5}\n"
    "    graph:\n"
    "      s: if(way == 'plus', a + b, a - b) * if(training, rate, 1 - rate)\n"
    "      r: reshape(s, [Rows * Cols, width]) * fixed * (Rows + 1)\n"
    "      p, q: split(f(r), [1, width - 1], dim=-1)\n"
    "      t: {type: inner, input: q * 2}\n"
    "      m: if(k > 5, unused, mse(t, 0 * t, reduction=mean)) + sum(w)\n"
    "    outputs: {rest: t - sum(p), number: m}\n"
    "inputs: {x: [B, T, n]}\n"
    "graph:\n"
    "  y, number:\n"
    "    type: mix\n"
    "    input: {b: x * -1, a: x}\n"
    "    inner:\n"
    "      - {type: linear, out_features: 2, repeat: 2, activation: elu(0.5)}\n"
    "      - {type: mlp, hidden_features: sizes, out_features: 2}\n"
    "  l1: {type: linear, input: y, out_features: 2}\n"
    "  l2: {type: linear, share: l1, out_features: 2}\n"
    "  l3: l2[:, 0] + sum(l1.weight[0, :1])\n"
    "outputs: {l3: l3, twice: 2 * l2}\n"
    "loss: sum(l3 ** 2) + number / B\n";

Test(models, expansion_of_everything) {
    yg_error error = {0};
    yg_model *model = model_from_text(all_of_it, &error);
    if (model == NULL)
        fail_with("all of it", &error);
    check_expanded("all of it", model);
    yg_model_free(model);
}
