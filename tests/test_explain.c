/*
 * Explanations: the numbers and the names of the notebook's derivation, and gradients that agree
 * with differences in the models of the tree.
 */
#include "data/safetensors.h"
#include "train/explain.h"
#include "trained.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const yg_explained_node *find(const yg_explanation *explanation, const char *name) {
    for (size_t i = 0; i < explanation->count; i++)
        if (strcmp(explanation->nodes[i].name, name) == 0)
            return &explanation->nodes[i];
    cr_assert_fail("no node is called '%s'", name);
    return NULL;
}

/* ----------------------------------------------------------------------------- the notebook --- */

/* rows as "[[0.5, 0.8], …]" */
static char *text_of(const json_t *object, const char *key) {
    char *text = json_dumps(json_object_get(object, key), JSON_REAL_PRECISION(17));
    cr_assert_not_null(text);
    return text;
}

static double at(const json_t *object, const char *key, size_t row, size_t column) {
    return json_number_value(
        json_array_get(json_array_get(json_object_get(object, key), row), column));
}

/* The network with the parameters of a case as its initial values. */
static yg_model *load_case(const workspace *w, const json_t *inputs, yg_tensor_file *weights) {
    static const struct {
        const char *name, *key;
        int rank;
        int64_t rows, columns;
    } parameters[] = {
        {"W1", "W1", 2, 3, 2}, {"b1", "b1", 1, 1, 3}, {"W2", "W2", 2, 1, 3}, {"b2", "b2", 1, 1, 1}};
    char *x = text_of(inputs, "X"), *y = text_of(inputs, "y"), text[4000];
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: notebook\n"
             "inputs: {x: [B, 2]}\n"
             "targets: {y: [B, 1]}\n"
             "params: {W1: {shape: [3, 2], init: ones}, b1: {shape: [3], init: ones}, "
             "W2: {shape: [1, 3], init: ones}, b2: {shape: [1], init: ones}}\n"
             "graph:\n"
             "  z1: matmul(x, transpose(W1)) + b1\n"
             "  a1: sigmoid(z1)\n"
             "  z2: matmul(a1, transpose(W2)) + b2\n"
             "  a2: sigmoid(z2)\n"
             "outputs: [a2]\n"
             "loss: bce(a2, y, reduction=batchmean)\n"
             "data: {train: {x: %s, y: %s}}\n",
             x, y);
    free(x);
    free(y);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        yg_type type;
        yg_error error = {0};
        const int64_t columns = parameters[i].columns;
        const int64_t shape[] = {parameters[i].rank == 1 ? columns : parameters[i].rows, columns};
        yg_type_make(YG_F64, parameters[i].rank, shape, &type, NULL);
        cr_assert(yg_tensor_file_add(weights, parameters[i].name, &type, NULL, &error));
        double *values = weights->tensors[weights->count - 1].data;
        for (int64_t k = 0; k < yg_type_count(&type); k++)
            values[k] = at(inputs, parameters[i].key, (size_t)(k / columns), (size_t)(k % columns));
    }
    return workspace_model(w, "notebook.yaml", text);
}

/* delta2 = a2 - y, and delta1 = delta2 W2 · a1 (1 - a1), as the notebook has them. */
static void check_deltas(const yg_explanation *e) {
    const yg_explained_node *z2 = find(e, "z2"), *z1 = find(e, "z1"), *w2 = find(e, "W2");
    const double *a1 = find(e, "a1")->value, *a2 = find(e, "a2")->value;
    const double *y = find(e, "y")->value;
    cr_expect_str_eq(z2->gradient_name, "delta2");
    cr_expect_str_eq(z2->simplified, "a2 - y");
    cr_expect_str_eq(z2->chain, "da2 * (a2 * (1 - a2))");
    cr_expect_float_eq(z2->gradient[0], a2[0] - y[0], 1e-12);
    cr_expect_str_eq(z1->gradient_name, "delta1");
    cr_expect_str_eq(z1->chain, "da1 * (a1 * (1 - a1))");
    cr_expect_str_eq(find(e, "a1")->chain, "delta2 @ W2");
    cr_expect_str_eq(w2->gradient_name, "dW2");
    cr_expect_str_eq(w2->chain, "delta2.T @ a1");
    cr_expect_str_eq(find(e, "W1")->chain, "delta1.T @ x");
    cr_expect_str_eq(find(e, "b1")->simplified, "delta1");
    for (int i = 0; i < 3; i++) {
        const double local = a1[i] * (1 - a1[i]);
        cr_expect_float_eq(z1->gradient[i], (a2[0] - y[0]) * w2->value[i] * local, 1e-12);
        /* The local derivative of a sigmoid stands at its only edge. */
        const yg_explained_edge *edge = &find(e, "a1")->edges[0];
        cr_expect(edge->diagonal && edge->local);
        cr_expect_float_eq(edge->local[i], local, 1e-15);
    }
}

/* Adds an example's gradient of a parameter to the mean over `m`. */
static void add_gradient(const yg_explanation *e, const char *name, double m, double *sum) {
    const yg_explained_node *node = find(e, name);
    for (int64_t i = 0; i < yg_type_count(&node->type); i++)
        sum[i] += node->gradient[i] / m;
}

static void check_case(const json_t *object) {
    static const struct {
        const char *parameter, *gradient;
        size_t columns, count;
    } gradients[] = {
        {"W1", "dW1", 2, 6}, {"b1", "db1", 3, 3}, {"W2", "dW2", 3, 3}, {"b2", "db2", 1, 1}};
    const json_t *inputs = json_object_get(object, "inputs");
    const json_t *forward = json_object_get(object, "forward");
    const json_t *golden = json_object_get(object, "gradients");
    const size_t m = json_array_size(json_object_get(inputs, "X"));
    const workspace w = workspace_make();
    yg_tensor_file weights = {0};
    yg_error error = {0};
    yg_model *model = load_case(&w, inputs, &weights);
    char path[200];
    double sums[4][6] = {{0}};
    snprintf(path, sizeof path, "%s", workspace_path(&w, "weights.safetensors"));
    cr_assert(yg_safetensors_write(path, &weights, &error));
    for (size_t i = 0; i < m; i++) {
        yg_explanation e;
        cr_assert(yg_explain(model, &(yg_explain_options){.weights = path, .example = (int64_t)i},
                             &e, &error),
                  "%s", error.message);
        cr_expect(e.agrees);
        cr_expect_eq(e.examples, (int64_t)m);
        check_deltas(&e);
        cr_expect_float_eq(find(&e, "a2")->value[0], at(forward, "a2", i, 0), 1e-12);
        for (size_t k = 0; k < 3; k++)
            cr_expect_float_eq(find(&e, "a1")->value[k], at(forward, "a1", i, k), 1e-12);
        for (size_t g = 0; g < 4; g++)
            add_gradient(&e, gradients[g].parameter, (double)m, sums[g]);
        yg_explanation_free(&e);
    }
    for (size_t g = 0; g < 4; g++)
        for (size_t k = 0; k < gradients[g].count; k++)
            cr_expect_float_eq(sums[g][k],
                               at(golden, gradients[g].gradient, k / gradients[g].columns,
                                  k % gradients[g].columns),
                               1e-12);
    yg_tensor_file_free(&weights);
    yg_model_free(model);
    workspace_remove(&w);
}

/* A prediction beyond the clipping of the loss has another slope than a2 - y; the notebook's case
 * of saturated units is no such example for single rows. */
Test(explain, the_notebook) {
    json_error_t failure;
    json_t *file = json_load_file(YG_FIXTURES "/golden.json", 0, &failure);
    cr_assert_not_null(file, "%s", failure.text);
    json_t *cases = json_object_get(file, "cases");
    size_t checked = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        if (json_array_size(json_object_get(json_object_get(one, "inputs"), "W1")) == 3) {
            check_case(one);
            checked++;
        }
    }
    cr_expect_eq(checked, 2);
    json_decref(file);
}

/* -------------------------------------------------------------------------------- any model --- */

static const char *const models[] = {"xor",      "mlp_2_3_1",    "iris",    "breast_cancer",
                                     "penguins", "diabetes",     "vae",     "autoencoder",
                                     "co2",      "co2_forecast", "messages"};

Test(explain, gradients_of_models_agree_with_differences) {
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        yg_error error = {0};
        char path[300];
        snprintf(path, sizeof path, YG_SOURCE "/models/%s.yaml", models[i]);
        yg_model *model = yg_model_load(path, NULL, &error);
        cr_assert_not_null(model, "%s", error.message);
        yg_explanation e;
        cr_assert(yg_explain(model, &(yg_explain_options){.elements = 4}, &e, &error), "%s: %s",
                  models[i], error.message);
        cr_expect(e.agrees, "%s", models[i]);
        int64_t compared = 0, gradients = 0;
        for (size_t k = 0; k < e.count; k++) {
            compared += e.nodes[k].compared > 0;
            gradients += e.nodes[k].gradient != NULL;
        }
        cr_expect(gradients > 5 && compared == gradients, "%s: %d of %d", models[i], (int)compared,
                  (int)gradients);
        yg_explanation_free(&e);
        yg_model_free(model);
    }
}

static yg_explanation explain_text(const workspace *w, const char *graph, yg_model **model) {
    char text[900];
    yg_error error = {0};
    yg_explanation e;
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: small\n"
             "inputs: {x: [B, 3]}\n"
             "params: {p: {shape: [3], init: ones}}\n"
             "graph: {%s}\n"
             "outputs: [h]\n"
             "loss: sum(h)\n"
             "data: {train: {x: [[0, 1, -2]]}}\n",
             graph);
    *model = workspace_model(w, "small.yaml", text);
    cr_assert(yg_explain(*model, NULL, &e, &error), "%s", error.message);
    return e;
}

static const struct {
    const char *graph, *node, *formula, *chain;
    double value[3], gradient[3];
    int64_t kinks;
} small[] = {
    /* A corner: the element is told, and does not count as a disagreement. */
    {"h: relu(x * p)", "x", "", "", {0, 1, -2}, {0, 1, 0}, 1},
    /* A corner with small slopes: elements that are equal. */
    {"a: x * 0 + p, h: max(a) * 0.0001",
     "a",
     "x * 0 + p",
     "",
     {1, 1, 1},
     {0.0001 / 3, 0.0001 / 3, 0.0001 / 3},
     3},
    /* A corner that is near is none. */
    {"a: x * p + 0.000003, h: relu(a)",
     "a",
     "x * p + 3e-06",
     "",
     {3e-6, 1.000003, -1.999997},
     {1, 1, 0},
     0},
    {"a: x * p, h: a ** 2", "a", "x * p", "dh * (a * 2)", {0, 1, -2}, {0, 2, -4}, 0},
    {"a: x + p, h: a / (p + 1)", "a", "x + p", "dh / (p + 1)", {1, 2, -1}, {0.5, 0.5, 0.5}, 0},
    {"a: exp(x), h: a * p - x",
     "a",
     "exp(x)",
     "dh * p",
     {1, 2.7182818284590451, 0.1353352832366127},
     {1, 1, 1},
     0},
    /* Differences would see through it. */
    {"a: x * p, h: stop_gradient(a) * a",
     "a",
     "x * p",
     "dh * stop_gradient(a)",
     {0, 1, -2},
     {0, 1, -2},
     0},
};

Test(explain, nodes_of_all_sorts) {
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        const workspace w = workspace_make();
        yg_model *model;
        yg_explanation e = explain_text(&w, small[i].graph, &model);
        const yg_explained_node *node = find(&e, small[i].node);
        cr_expect(e.agrees, "%s", small[i].graph);
        cr_expect_str_eq(node->formula, small[i].formula, "%s: %s", small[i].graph, node->formula);
        if (*small[i].chain)
            cr_expect_str_eq(node->chain, small[i].chain, "%s: %s", small[i].graph, node->chain);
        cr_expect_eq(node->kinks, small[i].kinks, "%s: %d kinks", small[i].graph, (int)node->kinks);
        for (int k = 0; k < 3; k++) {
            cr_expect_float_eq(node->value[k], small[i].value[k], 1e-15);
            cr_expect_float_eq(node->gradient[k], small[i].gradient[k], 1e-15, "%s: %g",
                               small[i].graph, node->gradient[k]);
        }
        yg_explanation_free(&e);
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* ----------------------------------------------------------------------------------- faults --- */

static const struct {
    yg_explain_options options;
    const char *message;
} faults[] = {
    {{.example = 4}, "there is no example 4: the part 'train' has examples 0 to 3"},
    {{.example = -1}, "there is no example -1"},
    {{.part = "test"}, "the data have no part 'test'"},
    {{.part = "tset"}, "the data have no part 'tset'"},
    {{.weights = "none.safetensors"}, "none.safetensors"},
};

Test(explain, tells_what_is_wrong) {
    yg_error none = {0};
    yg_model *model = yg_model_load(YG_SOURCE "/models/xor.yaml", NULL, &none);
    cr_assert_not_null(model);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        yg_error error = {0};
        yg_explanation e;
        char text[1600];
        cr_expect_not(yg_explain(model, &faults[i].options, &e, &error));
        yg_error_text(&error, text, sizeof text);
        cr_expect_not_null(strstr(text, faults[i].message), "%s", text);
    }
    yg_model_free(model);
}
