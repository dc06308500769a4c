/*
 * Expansion: what `expand` prints is a model that computes the same, to the bit, and the language's
 * corners mean what they say.
 */
#include "model_text.h"
#include "same_model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const yg_dim dims[] = {{"B", 3}, {"T", 4}, {"S", 4}};
static const yg_network_options options = {
    .dims = dims, .dim_count = 3, .training = true, .dtype = YG_F32};

static yg_model *load(const char *name, const char *text) {
    yg_error error = {0};
    yg_model *model = model_from_text(text, &error);
    cr_assert_not_null(model, "%s: %d:%d: %s\n%s", name, (int)error.line, (int)error.column,
                       error.message, text);
    return model;
}

#define HEAD "format: 1\ninputs: {x: [B, 4]}\n"

/* Two ways to write the same model. If `same` is NULL, the model is compared with its expansion
 * only. */
static const struct {
    const char *name, *text, *same;
} cases[] = {
    {"an mlp whose width is the input's",
     "format: 1\n"
     "define:\n"
     "  block:\n"
     "    inputs: {x: [B, width]}\n"
     "    graph:\n"
     "      m: {type: mlp, input: x, hidden_features: [width, 2 * width], out_features: width}\n"
     "    outputs: [m]\n"
     "inputs: {x: [B, 4]}\n"
     "graph:\n  h: {type: block}\n  k: {type: block, share: h}\n"
     "outputs: [k]\nloss: mean(k ** 2)\n",
     NULL},
    {"copies that share one node",
     HEAD "graph:\n"
          "  h: {type: linear, out_features: 4}\n"
          "  k: {type: linear, share: h, repeat: 2, out_features: 4, activation: tanh}\n"
          "outputs: [k]\nloss: sum(k)\n",
     HEAD "graph:\n"
          "  h: {type: linear, out_features: 4}\n"
          "  a: {type: linear, share: h, out_features: 4, activation: tanh}\n"
          "  k: {type: linear, share: h, out_features: 4, activation: tanh}\n"
          "outputs: [k]\nloss: sum(k)\n"},
    {"copies that share copies",
     HEAD "graph:\n"
          "  h: {type: linear, repeat: 3, out_features: 4}\n"
          "  k: {type: linear, share: h, repeat: 2, out_features: 4}\n"
          "  l: {type: linear, share: k, repeat: 2, out_features: 4}\n"
          "outputs: [l]\nloss: sum(l)\n",
     NULL},
    {"infinities",
     HEAD "vars: {low: -inf}\n"
          "graph:\n"
          "  a: clip(x, low, 0.5)\n"
          "  b: where(x > 0.5, a, inf)\n"
          "  c: minimum(b, if(low < 0, 0.25, nan))\n"
          "outputs: [a, b, c]\nloss: sum(c)\nparams: {w: {shape: [1], init: zeros}}\n"
          "metrics: {m: sum(w)}\n",
     NULL},
    {"whole numbers beyond 2^53",
     "format: 1\nvars: {big: 9007199254740993}\n"
     "inputs: {x: {shape: [B], dtype: i64}}\n"
     "outputs:\n"
     "  a: cast(x + big == 9007199254740993, f32)\n"
     "  b: cast(x * 0 + 9007199254740993 == x * 0 + 9007199254740992, f32)\n"
     "  c: cast(x - 9223372036854775807 - 1 < -9223372036854775807, f32)\n",
     NULL},
    {"negative zeros and small numbers",
     HEAD "vars: {zero: -0.0, tiny: 1e-30, least: -9223372036854775807 - 1}\n"
          "graph:\n  y: x * zero + tiny + 1e300 * 5e-324 * (least // 2 ** 62)\n"
          "outputs: [y]\n",
     NULL},
    {"a node with the name of a layer's part",
     HEAD "graph:\n"
          "  h: {type: linear, out_features: 2}\n"
          "  h.z: h * 2\n"
          "  h.y: h.z + 1\n"
          "outputs: [h.y]\nloss: sum(h.y)\n",
     HEAD "graph:\n  h: {type: linear, out_features: 2}\n  y: h * 2 + 1\n"
          "outputs: {h.y: y}\nloss: sum(y)\n"},
    {"results that nothing needs",
     "format: 1\n"
     "define:\n"
     "  two:\n"
     "    inputs: {x: [B, n]}\n"
     "    params: {u: {shape: [n], init: ones}, v: {shape: [n], init: ones}}\n"
     "    graph: {a: x * u, b: x * v, c: tanh(b)}\n"
     "    outputs: [a, c]\n"
     "inputs: {x: [B, 4]}\n"
     "graph:\n  p, q: {type: two, input: x}\n"
     "outputs: [q]\nloss: sum(q)\n",
     NULL},
    {"sizes as arguments, through layers in layers",
     "format: 1\n"
     "define:\n"
     "  inner:\n"
     "    args: {n: int, f: float, to: ints}\n"
     "    inputs: {x: [B, T]}\n"
     "    graph: {y: \"reshape(x[:, :n] * f, to)\"}\n"
     "    outputs: [y]\n"
     "  outer:\n"
     "    args: {n: int, m: int}\n"
     "    inputs: {x: [B, T]}\n"
     "    graph:\n"
     "      y: {type: inner, n: n + n - T, f: n, to: \"[B, m - 1]\"}\n"
     "    outputs: [y]\n"
     "inputs: {x: [B, T]}\n"
     "graph:\n  y: {type: outer, n: T, m: T + 1}\n"
     "outputs: [y]\n",
     "format: 1\ninputs: {x: [B, T]}\noutputs:\n  y: x * T\n"},
    {"conditions on training and on sizes",
     HEAD "graph:\n"
          "  a: if(training, x * 2, x)\n"
          "  b: if(size(x, 0) > 2, dropout(a, 0.5), a)\n"
          "outputs: [b]\nloss: sum(b)\n",
     HEAD "graph:\n  a: x * 2\n  b: dropout(a, 0.5)\noutputs: [b]\nloss: sum(b)\n"},
    {"words that something has the name of",
     HEAD "params: {sum: {shape: [4], init: ones}, mean: {shape: [4], init: ones}}\n"
          "graph:\n  y: mse(x * sum, x * mean + 1, reduction=sum) + mse(x, x + 2, sum)\n"
          "outputs: [y]\nloss: y\n",
     HEAD "params: {sum: {shape: [4], init: ones}, mean: {shape: [4], init: ones}}\n"
          "graph:\n  y: mse(x * sum, x * mean + 1, reduction='sum') + mse(x, x + 2, 'sum')\n"
          "outputs: [y]\nloss: y\n"},
    {"copies with numbers, names and inputs of their own",
     "format: 1\n"
     "define:\n"
     "  two:\n"
     "    args: {n: int}\n"
     "    inputs: {x: [B, m], s: [B]}\n"
     "    params: {w: {shape: [m, n], init: normal}}\n"
     "    graph: {y: x @ w, t: \"sum(y, dim=1) * s\"}\n"
     "    outputs: [y, t]\n"
     "inputs: {x: [B, 4]}\n"
     "graph:\n"
     "  y, t: {type: two, repeat: {i: 3}, input: {x: x, s: \"x[:, i]\"}, n: i + 2,\n"
     "         names: \"{name}_{i}\"}\n"
     "outputs: [y]\nloss: sum(y) + sum(stack(t)) + mean(t[1] * w_0[0, 0])\n",
     HEAD "params:\n"
          "  w_0: {shape: [4, 2], init: normal}\n"
          "  w_1: {shape: [2, 3], init: normal}\n"
          "  w_2: {shape: [3, 4], init: normal}\n"
          "graph:\n"
          "  a: x @ w_0\n  b: a @ w_1\n  y: b @ w_2\n"
          "  s: sum(a, dim=1) * x[:, 0]\n"
          "  t: sum(b, dim=1) * x[:, 1]\n"
          "  u: sum(y, dim=1) * x[:, 2]\n"
          "outputs: [y]\nloss: sum(y) + sum(stack([s, t, u])) + mean(t * w_0[0, 0])\n"},
    {"nodes that do not exist",
     HEAD "vars: {deep: false, wide: true}\n"
          "graph:\n"
          "  a: {type: linear, input: x, if: deep, out_features: 2}\n"
          "  b: {type: linear, input: x, if: wide, names: \"{name}_b\", out_features: 4}\n"
          "  c: if(deep, a, b) * b.bias\n"
          "outputs: [c]\nloss: sum(c) + sum(weight_b)\n",
     HEAD "params:\n"
          "  weight_b: {shape: [4, 4], init: {type: uniform, low: -0.5, high: 0.5}}\n"
          "  bias_b: {shape: [4], init: {type: uniform, low: -0.5, high: 0.5}}\n"
          "graph: {c: (x @ transpose(weight_b) + bias_b) * bias_b}\n"
          "outputs: [c]\nloss: sum(c) + sum(weight_b)\n"},
    {"constants that nodes are made of",
     HEAD "vars: {n: 2}\n"
          "graph:\n"
          "  k: n + 1\n"
          "  h: {type: linear, input: x, repeat: k - 1, out_features: k + 1}\n"
          "  s: {type: linear, out_features: \"size(h, -1)\"}\n"
          "outputs: {h: h, k: k, s: s}\nloss: sum(s)\n",
     NULL},
};

Test(expand, computes_the_same) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_model *model = load(cases[i].name, cases[i].text);
        expect_expands(cases[i].name, model, &options);
        if (cases[i].same) {
            yg_model *same = load(cases[i].name, cases[i].same);
            expect_same_model(cases[i].name, model, &options, same, &options, 0);
            yg_model_free(same);
        }
        yg_model_free(model);
    }
}

/* ----------------------------------------------------------------------------------- results -- */

/* Outputs and terms of the loss: a parameter, a view, a broadcast, a constant, an input. */
Test(expand, keeps_results_of_every_kind) {
    static const char *const results[] = {
        "w",
        "transpose(w)",
        "w[0]",
        "broadcast(w[0], [B, 4])",
        "x",
        "x[:, 0]",
        "2.5",
        "n",
        "full([2], 3)",
        "h.weight",
        "h",
        "reshape(x, [-1])",
        "w + 0",
        "1 * x",
        "t",
    };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        char text[800];
        snprintf(text, sizeof text,
                 "format: 1\nvars: {n: 3}\ninputs: {x: [B, 4]}\ntargets: {t: [B, 4]}\n"
                 "params: {w: {shape: [2, 4], init: normal}}\n"
                 "graph:\n  h: {type: linear, out_features: 4}\n"
                 "  keep: mean(h * t) + mean(w) + n + size(x, 0)\n"
                 "outputs:\n  keep: keep\n%s%s%s"
                 "loss: sum(%s * 1.0) + keep\nmetrics:\n  m: mean(%s * 1.0)\n",
                 strcmp(results[i], "t") == 0 ? "" : "  y: ",
                 strcmp(results[i], "t") == 0 ? "" : results[i],
                 strcmp(results[i], "t") == 0 ? "" : "\n", results[i], results[i]);
        yg_model *model = load(results[i], text);
        expect_expands(results[i], model, &options);
        yg_model_free(model);
    }
}

/* ------------------------------------------------------------------------------------- names -- */

/* Names that mean something elsewhere: to the command, in YAML, as operators and layer types. */
static const char *const names[] = {
    "best",    "run",       "loss",    "standardize", "format", "weights", "__metadata__",
    "exp_avg", "x.exp_avg", "metrics", "outputs",     "params", "graph",   "data",
    "train",   "vars",      "define",  "epoch",       "step",   "lr",      "optimizer",
    "history", "nil",       "yes",     "no",          "on",     "off",     "y",
    "n",       "_",         "a.0",     "relu",        "matmul", "linear",  "mlp",
    "type",    "input",     "repeat",  "share",       "shape",  "init",    "zeros",
    "mean",    "sum",       "e1",      "i32",         "f32",    "float",   "True_",
    "B2",      "and",       "or",      "lambda",
};

Test(expand, takes_any_name) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[900];
        /* As a node, a layer, a parameter, an output and a metric. */
        snprintf(text, sizeof text,
                 "format: 1\ninputs: {input_: [B, 4]}\n"
                 "params: {p_%s: {shape: [4], init: normal}}\n"
                 "graph:\n"
                 "  %s: {type: linear, input: input_, out_features: 4}\n"
                 "  second: {type: linear, input: %s + p_%s, out_features: 4, share: %s}\n"
                 "  third: second + mean(%s.weight)\n"
                 "outputs: {%s: third}\nloss: sum(%s)\nmetrics: {%s: \"sum(%s * 2)\"}\n",
                 names[i], names[i], names[i], names[i], names[i], names[i], names[i], names[i],
                 names[i], names[i]);
        char plain[900];
        snprintf(plain, sizeof plain,
                 "format: 1\ninputs: {input_: [B, 4]}\n"
                 "params: {p_%s: {shape: [4], init: normal}}\n"
                 "graph:\n"
                 "  %s: {type: linear, input: input_, out_features: 4}\n"
                 "  z: (%s + p_%s) @ transpose(%s.weight) + %s.bias + mean(%s.weight)\n"
                 "outputs: {%s: z}\nloss: sum(%s)\nmetrics: {%s: \"sum(%s * 2)\"}\n",
                 names[i], names[i], names[i], names[i], names[i], names[i], names[i], names[i],
                 names[i], names[i], names[i]);
        yg_model *model = load(names[i], text);
        expect_expands(names[i], model, &options);
        yg_model *same = load(names[i], plain);
        expect_same_model(names[i], model, &options, same, &options, 1e-5);
        yg_model_free(same);
        yg_model_free(model);
    }
}

/* YAML reads a key of more than 1,024 characters only after a question mark. As a port, a
 * parameter, a node, a layer, an output in units, a metric and in `transform`. */
Test(expand, takes_keys_of_any_length) {
    static const char form[] =
        "format: 1\ninputs:\n  ? x%s\n  : [B, 4]\ntargets: {y: [B, 4]}\n"
        "params:\n  ? p%s\n  : {shape: [4], init: normal}\n"
        "graph:\n  ? n%s\n  : x%s + p%s\n  ? l%s\n  : {type: linear, input: n%s, out_features: 4}\n"
        "outputs:\n  ? o%s\n  : {value: l%s, units: y}\nloss: mse(l%s, y)\n"
        "metrics:\n  ? m%s\n  : sum(l%s)\n"
        "data: {transform: {? x%s : x%s * 2, y: y + 1}}\n";
    static const size_t lengths[] = {10, 245, 255, 1010, 1030, 5000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char name[5001], text[sizeof form + 14 * sizeof name];
        memset(name, 'a', lengths[i]);
        name[lengths[i]] = '\0';
        snprintf(text, sizeof text, form, name, name, name, name, name, name, name, name, name,
                 name, name, name, name, name);
        yg_model *model = load("a long name", text);
        expect_expands("a long name", model, &options);
        yg_model_free(model);
    }
}

/* ---------------------------------------------------------------------------------- sections -- */

/* The sections after vars are replaced, with overrides. */
Test(expand, replaces_vars_in_sections) {
    static const char text[] =
        "format: 1\n"
        "vars: {n: 4, rate: 0.5, file: \"'a b.csv'\", kind: \"'adam'\", a: 7, fast: true}\n"
        "inputs: {x: [B, 2]}\n"
        "targets: {y: [B, 1]}\n"
        "graph:\n  h: {type: linear, out_features: 1}\n"
        "outputs: [h]\nloss: mse(h, y)\n"
        "data:\n"
        "  train: {csv: file, x: [a, b], y: n}\n"
        "  validation: {x: [[-1, a], [n / 8, .5]], y: [[\"a\"], [-n]]}\n"
        "  test: {csv: \"file\", x: [\"1\", \"-2\"], y: \"d(1}.csv\"}\n"
        "  seed: n - 1\n"
        "train:\n"
        "  epochs: n * 2\n"
        "  drop_last: fast\n"
        "  clip_grad_norm: 1 / 4\n"
        "  optimizer: {type: kind, lr: rate / 10, betas: [rate, 1 - 1 / n ** 2]}\n"
        "  early_stopping: {monitor: n, patience: a}\n";
    static const char *const expected[] = {
        "csv: \"a b.csv\", x: [a, b], y: n}",
        "{x: [[-1, 7], [0.5, .5]], y: [[\"a\"], [-4]]}",
        "{csv: \"file\", x: [\"1\", \"-2\"], y: \"d(1}.csv\"}",
        "seed: 3",
        "epochs: 8",
        "drop_last: true",
        "clip_grad_norm: 0.25",
        "{type: \"adam\", lr: 0.05, betas: [0.5, 0.9375]}",
        "{monitor: n, patience: 7}",
    };
    static const char *const overrides[] = {"n=8", "file='c.csv'"};
    const yg_model_options given = {.overrides = overrides, .override_count = 2};
    yg_model *model = load("sections", text);
    yg_error error = {0};
    char *expanded = yg_model_expand(model, &error);
    cr_assert_not_null(expanded, "%s", error.message);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cr_expect_not_null(strstr(expanded, expected[i]), "%s in\n%s", expected[i], expanded);
    cr_expect_null(strstr(expanded, "vars"), "%s", expanded);
    free(expanded);
    yg_model_free(model);
    model = model_from_files(text, NULL, 0, &given, &error);
    cr_assert_not_null(model, "%s", error.message);
    int64_t epochs = 0;
    const yg_value *train = yg_model_section(model, "train");
    cr_expect(yg_value_int(yg_value_get(train, "epochs"), "epochs", 1, 100, &epochs, &error));
    cr_expect_eq(epochs, 16);
    const yg_value *data = yg_value_get(yg_model_section(model, "data"), "train");
    cr_expect_str_eq(yg_value_get(data, "csv")->text, "c.csv");
    yg_model_free(model);
}

/* ----------------------------------------------------------------------------- long and deep -- */

/* Writes `head`, `part` count times, `middle`, `close` count times, and `tail`. */
static char *repeated(const char *head, const char *part, const char *middle, const char *close,
                      const char *tail, size_t count) {
    const size_t size =
        strlen(head) + strlen(middle) + strlen(tail) + count * (strlen(part) + strlen(close)) + 1;
    char *text = malloc(size), *end = text;
    cr_assert_not_null(text);
    end += sprintf(end, "%s", head);
    for (size_t i = 0; i < count; i++)
        end += sprintf(end, "%s", part);
    end += sprintf(end, "%s", middle);
    for (size_t i = 0; i < count; i++)
        end += sprintf(end, "%s", close);
    sprintf(end, "%s", tail);
    return text;
}

/* A long expression loads: evaluating an operand twice would take 2^count steps. A deep one is an
 * error, found before the stack is full. */
Test(expand, loads_what_is_long_and_refuses_what_is_deep) {
    static const char head[] = HEAD "params: {w: {shape: [4], init: ones}}\nloss: sum(w * x)\n"
                                    "outputs:\n  y: ";
    static const struct {
        const char *part, *middle, *close;
        size_t count;
        bool loads;
    } shapes[] = {
        {"x + ", "w", "", 4000, true},        {"x * w - ", "1", "", 3000, true},
        {"1 + ", "x", "", 4000, true},        {"(x + ", "w", ")", 150, true},
        {"tanh(", "x", ")", 150, true},       {"-", "x", "", 150, true},
        {"", "x", "[0:1]", 150, true},        {"if(size(", "x", ", 0) > 1, x, w)", 60, true},
        {"(", "x", ")", 20000, false},        {"(", "x", ")", 100000, false},
        {"-", "x", "", 60000, false},         {"x ** ", "x", "", 20000, false},
        {"[", "x", "]", 20000, false},        {"tanh(", "x", ")", 10000, false},
        {"", "x", "[0:1]", 10000, false},     {"x + ", "w", "", 100000, false},
        {"if(", "x", ", x, w)", 1000, false},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        char *text = repeated(head, shapes[i].part, shapes[i].middle, shapes[i].close, "\n",
                              shapes[i].count);
        yg_error error = {0};
        yg_model *model = model_from_text(text, &error);
        cr_expect_eq(model != NULL, shapes[i].loads, "%s%s%s %zu times: %s", shapes[i].part,
                     shapes[i].middle, shapes[i].close, shapes[i].count, error.message);
        cr_expect(shapes[i].loads || (error.line > 0 && error.code != YG_ERROR_INTERNAL), "%s",
                  error.message);
        yg_model_free(model);
        free(text);
    }
}

/* 5,000 layers and 5,000 copies expand. An expansion larger than the largest file is refused. */
Test(expand, takes_many_layers) {
    yg_error error = {0};
    char *text = malloc(400000);
    cr_assert_not_null(text);
    size_t used = (size_t)sprintf(text, HEAD "graph:\n");
    for (int i = 0; i < 5000; i++)
        used += (size_t)sprintf(text + used, "  h%d: {type: linear, out_features: 4}\n", i);
    sprintf(text + used, "outputs: [h4999]\nloss: sum(h4999)\n");
    yg_model *model = load("many layers", text);
    size_t count;
    yg_network *network = yg_network_build(model, &options, &error);
    cr_assert_not_null(network, "%s", error.message);
    yg_network_parameters(network, &count);
    cr_expect_eq(count, 10000);
    yg_network_free(network);
    yg_model_free(model);
    free(text);
    model = load("many copies", HEAD "graph:\n  h: {type: linear, repeat: 5000, out_features: 4}\n"
                                     "outputs: [h]\nloss: sum(h)\n");
    cr_expect_null(yg_model_expand(model, &error));
    cr_expect_not_null(strstr(error.message, "cannot be written as one file"), "%s", error.message);
    yg_model_free(model);
}

/* A model without `graph:` has no statements. */
Test(expand, takes_a_model_without_a_graph) {
    yg_model *model = load("no graph", "format: 1\ninputs: {x: [B, 4]}\noutputs: [x]\n");
    expect_expands("no graph", model, &options);
    yg_model_free(model);
}
