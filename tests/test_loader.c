/*
 * What the loader makes of sections, vars, includes, shapes and expectations, and how it tells
 * mistakes. (Layers: test_layers.c; many more wrong files: fixtures/bad.)
 */
#include "model_text.h"
#include "network_run.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "format: 1\n"

static yg_model *load(const char *text) {
    yg_error error = {0};
    yg_model *model = model_from_text(text, &error);
    char message[1600];
    yg_error_text(&error, message, sizeof message);
    cr_assert_not_null(model, "%s", message);
    return model;
}

/* The output "y" of a model without parameters, for x = 1, 2, 3, … The caller frees it. */
static double *output(const char *text, int64_t batch, bool training, yg_dtype dtype,
                      size_t *count) {
    const yg_dim dims[] = {{"B", batch}, {"T", 3}};
    const yg_network_options options = {
        .dims = dims, .dim_count = 2, .training = training, .dtype = dtype};
    yg_model *model = load(text);
    network_run run;
    yg_error error = {0};
    char message[1600];
    double x[200];
    for (int i = 0; i < 200; i++)
        x[i] = i + 1;
    const bool opened = network_run_open(&run, model, &options, &error);
    yg_error_text(&error, message, sizeof message);
    cr_assert(opened, "%s", message);
    network_run_set(&run, "x", x);
    cr_assert(yg_program_run(run.program, 0, 0, &error), "%s", error.message);
    double *y = network_run_get(&run, "y", count);
    cr_assert_not_null(y);
    network_run_close(&run);
    yg_model_free(model);
    return y;
}

/* ------------------------------------------------------------------------------- expressions -- */

/* The first element of the expression, for x = [[1, 2, 3], [4, 5, 6]]. */
static const struct {
    const char *expression;
    double first;
    size_t count;
} expressions[] = {
    {"x + 2 ** 3 // 3", 3, 6},
    {"x * -1", -1, 6},
    {"-x ** 2", -1, 6},
    {"x + 7 % 4", 4, 6},
    {"x + (-7) // 2", -3, 6},
    {"x + (-7) % 2", 2, 6},
    {"x + 1 / 2", 1.5, 6},
    {"x // 2", 0, 6},
    {"x % 2", 1, 6},
    {"2 / x", 2, 6},
    {"x + n", 5, 6},
    {"x + sizes[1]", 17, 6},
    {"x + sizes[-1]", 17, 6},
    {"x[:, 0]", 1, 2},
    {"x[1, :]", 4, 3},
    {"x[-1]", 4, 3},
    {"x[0, 1]", 2, 1},
    {"x[:, 1:]", 2, 4},
    {"x[:, ::2]", 1, 4},
    {"x[:, -2:]", 2, 4},
    {"x[:, :100]", 1, 6},
    {"if(n == 4, x, -x)", 1, 6},
    {"if(n < 4, x, -x)", -1, 6},
    {"if(training, x, -x)", -1, 6},
    {"where(x > 1, x, 0)", 0, 6},
    {"sum(x, dim=1)", 6, 2},
    {"sum(x, 1)", 6, 2},
    {"sum(x, [0, 1])", 21, 1},
    {"sum(x, 1, true)", 6, 2},
    {"concat([x, x], dim=-1)", 1, 12},
    {"reshape(x, [-1, 1])", 1, 6},
    {"reshape(x, [B * T])", 1, 6},
    {"x + size(x, 0) * 10 + size(x, -1)", 24, 6},
    {"x @ transpose(x)", 14, 4},
    {"x * pi", 3.14159265358979323846, 6},
    {"mse(x, x * 2, reduction=sum)", 91, 1},
    {"mse(x, x * 2, 'sum')", 91, 1},
    {"cast(x > 1, float)", 0, 6},
    {"cast(cast(x, i32) / 2, f32)", 0.5, 6},
    {"cast(x, i32) + 0.5", 1.5, 6},
    {"x == 1", 1, 6},
    {"sum(x >= 3)", 4, 1},
};

Test(loader, expressions) {
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        char text[400];
        size_t count;
        snprintf(text, sizeof text,
                 HEAD "vars: {n: 4, sizes: [8, 4 * n]}\n"
                      "inputs: {x: [B, T]}\n"
                      "graph:\n  keep: n + sizes[0] + sum(x)\n  y: %s\n"
                      "outputs: [y, keep]\n",
                 expressions[i].expression);
        double *y = output(text, 2, false, YG_F64, &count);
        cr_expect_eq(count, expressions[i].count, "%s: %zu elements", expressions[i].expression,
                     count);
        cr_expect(fabs(y[0] - expressions[i].first) < 1e-12, "%s: %.17g", expressions[i].expression,
                  y[0]);
        free(y);
    }
}

/* Numbers take the tensors' type: nothing becomes f64 in a network of f32. */
Test(loader, numbers_take_the_tensors_type) {
    static const struct {
        const char *expression;
        yg_dtype dtype;
    } cases[] = {{"x * 2.5", YG_F32}, {"i * 2", YG_I32},        {"i + 0.5", YG_F32},
                 {"x + 1", YG_F32},   {"cast(x, f64)", YG_F32}, {"where(x > 0, 1.0, 0.0)", YG_F32}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 HEAD "inputs: {x: [B], i: {shape: [B], dtype: i32}}\n"
                      "outputs:\n  y: %s\n  keep: x + i\n",
                 cases[i].expression);
        yg_model *model = load(text);
        const yg_dim dim = {"B", 2};
        const yg_network_options options = {.dims = &dim, .dim_count = 1, .dtype = YG_F32};
        yg_network *network = yg_network_build(model, &options, NULL);
        size_t count;
        const yg_tensor_name *outputs = yg_network_outputs(network, &count);
        const yg_type *type = yg_node_type(yg_network_graph(network), outputs[0].node);
        cr_expect_eq(type->dtype, cases[i].dtype, "%s is %s", cases[i].expression,
                     yg_dtype_name(type->dtype));
        yg_network_free(network);
        yg_model_free(model);
    }
}

/* ---------------------------------------------------------------------------------- sections -- */

Test(loader, vars_are_overridden) {
    static const char text[] = HEAD "vars: {n: 2, m: n * 3}\n"
                                    "inputs: {x: [B, n]}\n"
                                    "outputs:\n  y: reshape(sum(x), []) + m\n";
    static const char *const set[] = {"n=5"};
    const yg_model_options options = {.overrides = set, .override_count = 1};
    yg_error error = {0};
    yg_model *model = model_from_files(text, NULL, 0, &options, &error);
    cr_assert_not_null(model, "%s", error.message);
    cr_expect_eq(yg_model_port(model, 0)->shape[1], 5);
    yg_model_free(model);
    static const char *const wrong[] = {"nn=5"};
    const yg_model_options misspelt = {.overrides = wrong, .override_count = 1};
    cr_assert_null(model_from_files(text, NULL, 0, &misspelt, &error));
    cr_expect_str_eq(error.message, "the model has no var 'nn'; did you mean 'n'?");
    cr_expect_str_eq(error.file, "--set nn=5");
}

Test(loader, ports_tell_what_is_declared) {
    yg_model *model = load(HEAD "name: ports\ndoc: Of two kinds\n"
                                "vars: {n: 3}\n"
                                "inputs: {x: [B, 2 * n]}\n"
                                "targets:\n"
                                "  y: {shape: [B], dtype: i32, classes: n}\n"
                                "  z: {shape: [B, T], classes: [no, 'yes']}\n"
                                "outputs:\n  o: sum(x)\n"
                                "loss: sum(x) * sum(y) + sum(z)\n");
    cr_expect_str_eq(yg_model_name(model), "ports");
    cr_expect_str_eq(yg_model_doc(model), "Of two kinds");
    cr_assert_eq(yg_model_port_count(model), 3);
    const yg_port *x = yg_model_port(model, 0), *y = yg_model_port(model, 1),
                  *z = yg_model_port(model, 2);
    cr_expect(x->rank == 2 && x->shape[0] == -1 && x->shape[1] == 6 && !x->target);
    cr_expect_str_eq(x->symbols[0], "B");
    cr_expect_null(x->symbols[1]);
    cr_expect(y->target && y->dtype == YG_I32 && y->classes == 3 && y->class_names == NULL);
    cr_expect(z->classes == 2 && strcmp(z->class_names[1], "yes") == 0);
    cr_expect_null(yg_model_port(model, 3));
    yg_model_free(model);
}

/* For prediction, targets are left out, and so are nodes that depend on them. */
Test(loader, outputs_without_targets) {
    yg_model *model = load(HEAD "inputs: {x: [B, 2]}\n"
                                "targets: {t: [B, N]}\n"
                                "graph:\n"
                                "  h: x * 2\n"
                                "  wrong: sum(h) - sum(t)\n"
                                "  twice: wrong * 2\n"
                                "outputs: [h]\n"
                                "loss: twice ** 2\n"
                                "metrics: {m: twice}\n");
    const yg_dim dim = {"B", 1};
    const yg_network_options options = {
        .dims = &dim, .dim_count = 1, .outputs_only = true, .dtype = YG_F32};
    yg_error error = {0};
    yg_network *network = yg_network_build(model, &options, &error);
    cr_assert_not_null(network, "%s", error.message);
    size_t count;
    yg_network_inputs(network, &count);
    cr_expect_eq(count, 1);
    yg_network_targets(network, &count);
    cr_expect_eq(count, 0);
    yg_network_metrics(network, &count);
    cr_expect_eq(count, 0);
    cr_expect_eq(yg_network_loss(network), YG_NONE);
    yg_network_free(network);
    const yg_network_options whole = {.dims = &dim, .dim_count = 1, .dtype = YG_F32};
    cr_expect_null(yg_network_build(model, &whole, &error));
    cr_expect_str_eq(error.message, "the symbolic dimension 'N' of 't' has no size");
    yg_model_free(model);
}

static const char uses_include[] = HEAD "include:\n"
                                        "  - {file: more.yaml, as: my}\n"
                                        "  - plain.yaml\n"
                                        "inputs: {x: [B, 2]}\n"
                                        "graph:\n"
                                        "  h: {type: my.scale}\n"
                                        "  y: {type: shift}\n"
                                        "outputs: [y]\n"
                                        "expect: {parameters: 4, shapes: {y: [B, 2], h.w: [2]}}\n";
static const model_file included[] = {
    {"more.yaml", HEAD "include: plain.yaml\n"
                       "define:\n"
                       "  scale:\n"
                       "    inputs: {x: [..., n]}\n"
                       "    params: {w: {shape: [n], init: ones}}\n"
                       "    graph:\n"
                       "      s: {type: shift, input: x}\n"
                       "      y: s * w - s.b\n"
                       "    outputs: [y]\n"},
    {"plain.yaml", HEAD "define:\n"
                        "  shift:\n"
                        "    inputs: {x: [..., n]}\n"
                        "    params: {b: {shape: [1], init: {type: constant, value: 3}}}\n"
                        "    graph: {y: x + b * n}\n"
                        "    outputs: [y]\n"},
};

Test(loader, includes) {
    yg_error error = {0};
    yg_model *model = model_from_files(uses_include, included, 2, NULL, &error);
    cr_assert_not_null(model, "%s:%d: %s", error.file, error.line, error.message);
    yg_model_free(model);
}

/* ---------------------------------------------------------------------------------- mistakes -- */

static const struct {
    const char *text;
    const char *message; /* with the place */
} mistakes[] = {
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph:\n"
          "  h: {type: linear, out_features: 3}\n"
          "  y: {type: wrong, n: 5}\n"
          "outputs: [y]\n"
          "define:\n"
          "  wrong:\n"
          "    args: {n: int}\n"
          "    inputs: {x: [..., k]}\n"
          "    params: {w: {shape: [n, k], init: ones}}\n"
          "    graph:\n"
          "      z: matmul(x, w)\n"
          "    outputs: [z]\n",
     "model.yaml:5:3: matmul: inner dimensions differ: f32[2, 3] · f32[5, 3] (3 and 5)\n"
     "  in layer type 'wrong' (model.yaml:13:10)\n  with B = 2"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph: {h: {type: linear, units: 3}}\n"
          "outputs: [h]\n",
     "model.yaml:3:27: layer type 'linear' has no argument 'units': here it is 'out_features'"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph: {h: {type: Dense, units: 3}}\n"
          "outputs: [h]\n",
     "model.yaml:3:19: unknown layer type 'Dense': here it is 'linear'"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph: {h: {type: linear, out_features: 2.5}}\n"
          "outputs: [h]\n",
     "model.yaml:3:41: `out_features` of layer type 'linear': a whole number is expected, found "
     "the number 2.5"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph:\n  h: relu(x)\n  g: linear(h)\n"
          "outputs: [g]\n",
     "model.yaml:5:6: 'linear' is a layer type: write it as a node, `name: "
     "{type: linear, …}`"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph:\n  hidden: relu(x)\n  g: hiden * 2\n"
          "outputs: [g]\n",
     "model.yaml:5:6: unknown name 'hiden'; did you mean 'hidden'?"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph:\n  h: relu(x)\n  g: x * 2\n"
          "outputs: [g]\n",
     "model.yaml:4:3: node 'h' is never used: no later node, output, loss or metric names it"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph:\n  h: {type: embedding, num_embeddings: 3, embedding_dim: 2}\n"
          "outputs: [h]\n",
     "model.yaml:4:3: embedding: index must be i32 or i64, not f32[2, 2]\n"
     "  in layer type 'embedding' (layers/embedding.yaml:17:13)"},
    {HEAD "define:\n"
          "  a: {graph: {y: {type: b}}, outputs: [y]}\n"
          "  b: {graph: {y: {type: a}}, outputs: [y]}\n"
          "inputs: {x: [B, 2]}\n"
          "outputs:\n  y: x * 2\n",
     "model.yaml:4:25: layer type 'a' holds itself: a definition may use other layer types, but "
     "not, directly or through them, its own"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "params: {w: {shape: [B], init: zeros}}\n"
          "outputs:\n  y: sum(x) + sum(w)\n",
     "model.yaml:3:10: the shape of parameter 'w' depends on a symbolic dimension: [2] for one "
     "batch size, [4] for another"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "outputs:\n  y: x * 2\n"
          "expect: {shapes: {y: [B, 3]}}\n",
     "model.yaml:5:19: `expect`: 'y' has the shape [2, 2], expected is [2, 3]\n  with B = 2"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "outputs:\n  y: x * 2\n"
          "loss: x\n",
     "model.yaml:5:7: `loss`: one number of a float type is expected, found f32[2, 2]; mean(…) or "
     "sum(…) makes one of many\n  with B = 2"},
    {HEAD "vars: {n: 0}\ninputs: {x: [B, 2]}\n"
          "outputs:\n  y: x * (2 // n)\n",
     "model.yaml:5:13: division by zero"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "outputs:\n  y: sum(x, axis=1)\n",
     "model.yaml:4:18: sum has no argument 'axis': here it is 'dim'"},
    {HEAD "inputs: {x: [B, 2], z: [B, 3]}\n"
          "outputs:\n  y: x + z\n",
     "model.yaml:4:8: add: shapes f32[2, 2] and f32[2, 3] do not broadcast: counted from the last, "
     "dimensions must be equal or 1\n  with B = 2"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph:\n  h: {type: linear, input: x, out_features: width}\n"
          "outputs: [h]\n",
     "model.yaml:4:45: unknown name 'width'; known: B, x"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph:\n  h: {type: mlp, hidden_features: [3, 0], out_features: 1}\n"
          "outputs: [h]\n",
     "model.yaml:4:35: `hidden_features` of layer type 'mlp' is at least 1, found 0"},
    {HEAD "inputs: {x: [B, 2]}\n"
          "graph:\n  h: {type: residual, layers: {type: linear, out_features: 3}}\n"
          "outputs: [h]\n",
     "model.yaml:4:3: add: shapes f32[2, 2] and f32[2, 3] do not broadcast: counted from the last, "
     "dimensions must be equal or 1\n"
     "  in layer type 'residual' (layers/residual.yaml:11:23)\n  with B = 2"},
};

Test(loader, mistakes_are_told_with_their_place) {
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        yg_error error = {0};
        char text[1600];
        yg_model *model = model_from_text(mistakes[i].text, &error);
        yg_error_text(&error, text, sizeof text);
        cr_expect_null(model, "no error, but expected: %s", mistakes[i].message);
        cr_expect_str_eq(text, mistakes[i].message, "found:    %s\nexpected: %s", text,
                         mistakes[i].message);
        yg_model_free(model);
    }
}

/* A model that would have more nodes than memory holds is refused before memory is full. */
Test(loader, repeats_of_repeats_are_capped) {
    char text[4000];
    size_t used = (size_t)snprintf(text, sizeof text, HEAD "define:\n");
    for (int i = 0; i < 20; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "  t%d: {inputs: {x: [...]}, graph: {y: {type: %s%.0d, input: x, "
                                 "repeat: 1000}}, outputs: [y]}\n",
                                 i, i == 0 ? "dropout" : "t", i == 0 ? 0 : i - 1);
    snprintf(text + used, sizeof text - used,
             "inputs: {x: [B]}\ngraph: {y: {type: t19}}\noutputs: [y]\n");
    char *zero = strstr(text, "type: t,"); /* %.0d writes nothing for 0 */
    if (zero != NULL) {
        memmove(zero + 8, zero + 7, strlen(zero + 7) + 1);
        zero[7] = '0';
    }
    yg_error error = {0};
    cr_assert_null(model_from_text(text, &error));
    cr_expect_not_null(strstr(error.message, "more than 1000000 nodes"), "%s", error.message);
}
