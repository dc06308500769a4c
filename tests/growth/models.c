/*
 * See models.h. Every model can be trained: it has data, a loss and a parameter, so that all
 * commands take it.
 */
#include "models.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------------------------ the common part */

static FILE *begin_file(const char *name) {
    FILE *file = fopen(name, "w");
    if (!file)
        abort();
    return file;
}

static void end_file(FILE *file) {
    if (fclose(file) != 0)
        abort();
}

/* `n` times `item`, which has a %d, with `between` between two. */
static void list(FILE *file, int n, const char *between, const char *item) {
    for (int i = 0; i < n; i++) {
        if (i > 0)
            fputs(between, file);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        fprintf(file, item, i, i, i);
#pragma GCC diagnostic pop
    }
}

/* `header` has one %d; every row is of ones. */
static void write_question(int columns, const char *header) {
    FILE *file = begin_file("question.csv");
    list(file, columns, ",", header);
    fputs("\n", file);
    list(file, columns, ",", "1");
    fputs("\n", file);
    end_file(file);
}

static FILE *begin_model(const char *head) {
    write_question(2, "x.%d");
    FILE *file = begin_file("model.yaml");
    fprintf(file, "format: 1\nname: m\n%s", head);
    return file;
}

#define PORTS    "inputs: {x: [B, 2]}\ntargets: {y: [B, 1]}\n"
#define DATA     "data: {train: {x: [[1, 2], [2, 1], [0, 1]], y: [[1], [0], [1]]}}\n"
#define TRAIN    "train: {epochs: 1, batch_size: 2, seed: 1, optimizer: {type: sgd, lr: 0.001}}\n"
#define WEIGHT   "params: {w: {shape: [2, 1], init: ones}}\n"
#define LOSS     "loss: mse(p, y)\n"
#define OUTPUT   "outputs: [p]\n"
#define THE_REST OUTPUT LOSS DATA TRAIN

static void end_model(FILE *file, const char *rest) {
    fputs(rest, file);
    end_file(file);
}

/* Nodes p0, p1, … that add up `item`s, and the sum of them all as p. An expression would be too
 * deep. */
static void sum(FILE *file, int n, const char *item) {
    for (int i = 0; i < n; i++) {
        if (i == 0)
            fputs("  p0: ", file);
        else
            fprintf(file, "  p%d: p%d + ", i, i - 1);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        fprintf(file, item, i);
#pragma GCC diagnostic pop
        fputs("\n", file);
    }
    fprintf(file, "  p: p%d\n", n - 1);
}

static void repeat(FILE *file, int n, const char *text) {
    for (int i = 0; i < n; i++)
        fputs(text, file);
}

/* --------------------------------------------------------------------------------- expressions */

static void sum_terms(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w");
    repeat(file, n, "+w[0]");
    end_model(file, "\n" THE_REST);
}

static void mixed_terms(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w");
    for (int i = 0; i < n; i++)
        fprintf(file, "%c%d*w[%d]", "+-"[i % 2], i % 7, i % 2);
    end_model(file, "\n" THE_REST);
}

static void constant_terms(int n) {
    FILE *file = begin_model("vars: {v: 1}\n" PORTS WEIGHT "graph:\n  p: x @ w * (1");
    repeat(file, n, "+v");
    end_model(file, ")\n" THE_REST);
}

static void powers(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w * (1");
    repeat(file, n, "**1");
    end_model(file, ")\n" THE_REST);
}

static void signs(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w + ");
    repeat(file, n, "-");
    end_model(file, "w[0]\n" THE_REST);
}

static void brackets(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: ");
    repeat(file, n, "(");
    fputs("x @ w", file);
    repeat(file, n, ")");
    end_model(file, "\n" THE_REST);
}

static void calls(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: ");
    repeat(file, n, "sin(");
    fputs("x @ w", file);
    repeat(file, n, ")");
    end_model(file, "\n" THE_REST);
}

static void indices(int n) {
    FILE *file = begin_model("vars: {s: [0, 1]}\n" PORTS WEIGHT "graph:\n  p: x @ w");
    repeat(file, n, "+w[s[0]]");
    end_model(file, "\n" THE_REST);
}

static void choices(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: ");
    repeat(file, n, "if(1 > 0, ");
    fputs("x @ w", file);
    repeat(file, n, ", w)");
    end_model(file, "\n" THE_REST);
}

static void joined(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: sum(concat([");
    list(file, n, ",", "x@w*%d");
    end_model(file, "], dim=1), dim=1, keepdim=true)\n" THE_REST);
}

static void split_results(int n) {
    FILE *file = begin_model("");
    fprintf(file,
            "inputs: {x: [B, 2]}\ntargets: {y: [B, 1]}\n"
            "params: {w: {shape: [2, %d], init: ones}}\ngraph:\n  ? ",
            n);
    list(file, n, ", ", "r%d");
    fprintf(file, "\n  : split(x @ w, %d, dim=1)\n", n);
    sum(file, n, "r%d");
    end_model(file, THE_REST);
}

/* -------------------------------------------------------------------------------- declarations */

static void vars(int n) {
    FILE *file = begin_model("vars:\n");
    list(file, n, "", "  v%d: %d\n");
    fputs(PORTS WEIGHT "graph:\n", file);
    sum(file, n, "x @ w * v%d");
    end_model(file, THE_REST);
}

static void long_list(int n) {
    FILE *file = begin_model("vars:\n  v: [");
    list(file, n, ", ", "%d");
    end_model(file, "]\n" PORTS WEIGHT "graph:\n  p: x @ w + v[0]\n" THE_REST);
}

static void params(int n) {
    FILE *file = begin_model(PORTS "params:\n");
    list(file, n, "", "  w%d: {shape: [2, 1], init: normal}\n");
    fputs("graph:\n", file);
    sum(file, n, "x @ w%d");
    end_model(file, THE_REST);
}

static void inputs(int n) {
    FILE *file = begin_model("inputs:\n");
    list(file, n, "", "  x%d: [B, 1]\n");
    fputs("targets: {y: [B, 1]}\nparams: {w: {shape: [1, 1], init: ones}}\ngraph:\n", file);
    sum(file, n, "x%d @ w");
    fputs(OUTPUT LOSS TRAIN "data:\n  train:\n    y: [[1], [0], [1]]\n", file);
    list(file, n, "", "    x%d: [[1], [2], [0]]\n");
    end_file(file);
    write_question(n, "x%d");
}

static void targets(int n) {
    FILE *file = begin_model("inputs: {x: [B, 2]}\ntargets:\n");
    list(file, n, "", "  y%d: [B, 1]\n");
    fputs(WEIGHT "graph:\n  q: x @ w\n", file);
    sum(file, n, "y%d");
    fputs("outputs: [q]\nloss: mse(q, p)\n" TRAIN
          "data:\n  train:\n    x: [[1, 2], [2, 1], [0, 1]]\n",
          file);
    list(file, n, "", "    y%d: [[1], [2], [0]]\n");
    end_file(file);
}

static void outputs(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\noutputs:\n");
    list(file, n, "", "  o%d: p + %d\n");
    end_model(file, LOSS DATA TRAIN);
}

static void metrics(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\nmetrics:\n");
    list(file, n, "", "  m%d: mean(p) + %d\n");
    end_model(file, THE_REST);
}

static void symbols(int n) {
    FILE *file = begin_model("inputs:\n");
    list(file, n, "", "  x%d: [B, T%d]\n");
    fputs("targets: {y: [B, 1]}\nparams: {w: {shape: [1], init: ones}}\ngraph:\n", file);
    sum(file, n, "sum(x%d * w, dim=1, keepdim=true)");
    fputs(OUTPUT LOSS TRAIN "data:\n  train:\n    y: [[1], [0], [1]]\n", file);
    list(file, n, "", "    x%d: [[1], [2], [0]]\n");
    end_file(file);
    write_question(n, "x%d.0");
}

static void expectations(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  h0: x @ w\n");
    for (int i = 1; i < n; i++)
        fprintf(file, "  h%d: h%d + 1\n", i, i - 1);
    fprintf(file, "  p: h%d\nexpect:\n  shapes:\n", n - 1);
    list(file, n, "", "    h%d: [B, 1]\n");
    end_model(file, THE_REST);
}

static void comments(int n) {
    FILE *file = begin_model(PORTS WEIGHT);
    repeat(file, n, "# Nothing is said here, at some length, and so it goes.\n");
    end_model(file, "graph:\n  p: x @ w\n" THE_REST);
}

static void documentation(int n) {
    FILE *file = begin_model("doc: \"");
    repeat(file, n, "A word, and another one. ");
    end_model(file, "\"\n" PORTS WEIGHT "graph:\n  p: x @ w\n" THE_REST);
}

static void aliases(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\ndata:\n  train:\n    x: [&a [1, 2]");
    repeat(file, n, ", *a");
    fputs("]\n    y: [&b [1]", file);
    repeat(file, n, ", *b");
    end_model(file, "]\n" OUTPUT LOSS TRAIN);
}

/* --------------------------------------------------------------------------- nodes and layers */

static void nodes(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  h0: x @ w\n");
    for (int i = 1; i < n; i++)
        fprintf(file, "  h%d: sin(h%d)\n", i, i - 1);
    fprintf(file, "  p: h%d\n", n - 1);
    end_model(file, THE_REST);
}

static void users(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  h: x @ w\n");
    sum(file, n, "sin(h + %d)");
    end_model(file, THE_REST);
}

static void layers(int n) {
    FILE *file = begin_model(PORTS "graph:\n");
    list(file, n, "", "  a%d: {type: linear, out_features: 2, activation: tanh}\n");
    end_model(file, "  p: {type: linear, out_features: 1}\n" THE_REST);
}

static void repeated(int n) {
    FILE *file = begin_model(PORTS "graph:\n");
    fprintf(file, "  a: {type: linear, repeat: %d, out_features: 2, activation: tanh}\n", n);
    end_model(file, "  p: {type: linear, out_features: 1}\n" THE_REST);
}

static void repeated_over_a_list(int n) {
    FILE *file = begin_model("vars:\n  sizes: [");
    list(file, n, ", ", "2");
    end_model(file,
              "]\n" PORTS "graph:\n"
              "  a: {type: linear, repeat: {width: sizes}, out_features: width, activation: tanh}\n"
              "  p: {type: linear, out_features: 1}\n" THE_REST);
}

static void widths(int n) {
    FILE *file = begin_model(PORTS "graph:\n  a: {type: mlp, hidden_features: [");
    repeat(file, n - 1, "2, ");
    end_model(
        file,
        "2], out_features: 2, activation: tanh}\n  p: {type: linear, out_features: 1}\n" THE_REST);
}

static void shared(int n) {
    FILE *file = begin_model(PORTS "graph:\n  h: {type: linear, out_features: 2}\n");
    list(file, n, "", "  a%d: {type: linear, share: h, out_features: 2, activation: tanh}\n");
    end_model(file, "  p: {type: linear, out_features: 1}\n" THE_REST);
}

static void nested_lists(int n) {
    FILE *file = begin_model(PORTS "graph:\n  a:\n    type: residual\n    layers:\n");
    repeat(file, n, "      - {type: linear, out_features: 2, activation: tanh}\n");
    end_model(file, "  p: {type: linear, out_features: 1}\n" THE_REST);
}

/* --------------------------------------------------------------------------------- layer types */

#define DEFINITION "  t%d:\n    inputs: {x: [...]}\n    graph: {y: x + %d}\n    outputs: [y]\n"

static void definitions(int n) {
    FILE *file = begin_model("define:\n");
    list(file, n, "", DEFINITION);
    fputs(PORTS WEIGHT "graph:\n  h: x @ w\n", file);
    list(file, n, "", "  a%d: {type: t%d}\n");
    fprintf(file, "  p: a%d\n", n - 1);
    end_model(file, THE_REST);
}

static void definitions_in_a_row(int n) {
    FILE *file = begin_model("define:\n  t0:\n    inputs: {x: [...]}\n    graph: {y: x + 1}\n"
                             "    outputs: [y]\n");
    for (int i = 1; i < n; i++)
        fprintf(file,
                "  t%d:\n    inputs: {x: [...]}\n    graph: {y: {type: t%d}}\n"
                "    outputs: [y]\n",
                i, i - 1);
    fprintf(file, PORTS WEIGHT "graph:\n  h: x @ w\n  p: {type: t%d}\n", n - 1);
    end_model(file, THE_REST);
}

static void includes(int n) {
    for (int i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "l%d.yaml", i);
        FILE *library = begin_file(name);
        fprintf(library, "format: 1\ndefine:\n" DEFINITION, i, i);
        end_file(library);
    }
    FILE *file = begin_model("include:\n");
    list(file, n, "", "  - l%d.yaml\n");
    fputs(PORTS WEIGHT "graph:\n  h: x @ w\n", file);
    list(file, n, "", "  a%d: {type: t%d}\n");
    fprintf(file, "  p: a%d\n", n - 1);
    end_model(file, THE_REST);
}

static void included_chain(int n) {
    for (int i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "l%d.yaml", i);
        FILE *library = begin_file(name);
        fputs("format: 1\n", library);
        if (i > 0)
            fprintf(library,
                    "include: [l%d.yaml]\ndefine:\n  t%d:\n    inputs: {x: [...]}\n"
                    "    graph: {y: {type: t%d}}\n    outputs: [y]\n",
                    i - 1, i, i - 1);
        else
            fputs("define:\n  t0:\n    inputs: {x: [...]}\n    graph: {y: x + 1}\n"
                  "    outputs: [y]\n",
                  library);
        end_file(library);
    }
    FILE *file = begin_model("");
    fprintf(file, "include: [l%d.yaml]\n" PORTS WEIGHT "graph:\n  h: x @ w\n  p: {type: t%d}\n",
            n - 1, n - 1);
    end_model(file, THE_REST);
}

static void arguments(int n) {
    FILE *file = begin_model("define:\n  t:\n    args:\n");
    list(file, n, "", "      a%d: {type: float, default: %d}\n");
    fputs("    inputs: {x: [...]}\n    graph:\n      y0: x\n", file);
    for (int i = 0; i < n; i++)
        fprintf(file, "      y%d: y%d + a%d\n", i + 1, i, i);
    fprintf(file, "    outputs: [y%d]\n", n);
    fputs(PORTS WEIGHT "graph:\n  h: x @ w\n  p:\n    type: t\n", file);
    list(file, n, "", "    a%d: %d\n");
    end_model(file, THE_REST);
}

static void words(int n) {
    FILE *file = begin_model("define:\n  t:\n    args:\n      mode:\n        type: choice\n"
                             "        choices: [");
    list(file, n, ", ", "c%d");
    fputs("]\n    inputs: {x: [...]}\n    graph:\n      y: if(mode == 'c0', x, 2 * x)\n"
          "    outputs: [y]\n" PORTS WEIGHT "graph:\n  h: x @ w\n  p: {type: t, mode: c1}\n",
          file);
    end_model(file, THE_REST);
}

static void params_of_a_layer(int n) {
    FILE *file = begin_model("define:\n  t:\n    inputs: {x: [..., k]}\n    params:\n");
    list(file, n, "", "      w%d: {shape: [k], init: ones}\n");
    fputs("    graph:\n      y0: x\n", file);
    for (int i = 0; i < n; i++)
        fprintf(file, "      y%d: y%d * w%d\n", i + 1, i, i);
    fprintf(file, "    outputs: [y%d]\n", n);
    fputs(PORTS "graph:\n  a: {type: t}\n  p: {type: linear, out_features: 1}\n", file);
    end_model(file, THE_REST);
}

static void results_of_a_layer(int n) {
    FILE *file = begin_model("define:\n  t:\n    inputs: {x: [...]}\n    graph:\n");
    list(file, n, "", "      y%d: x + %d\n");
    fputs("    outputs: [", file);
    list(file, n, ", ", "y%d");
    /* YAML allows a key of more than 1,024 characters only after a question mark. */
    fputs("]\n" PORTS WEIGHT "graph:\n  h: x @ w\n  ? ", file);
    list(file, n, ", ", "r%d");
    fputs("\n  : {type: t, input: h}\n", file);
    sum(file, n, "r%d");
    end_model(file, THE_REST);
}

static void inputs_of_a_layer(int n) {
    FILE *file = begin_model("define:\n  t:\n    inputs:\n");
    list(file, n, "", "      x%d: [...]\n");
    fputs("    graph:\n      y0: x0\n", file);
    for (int i = 1; i < n; i++)
        fprintf(file, "      y%d: y%d + x%d\n", i, i - 1, i);
    fprintf(file, "    outputs: [y%d]\n", n - 1);
    fputs(PORTS WEIGHT "graph:\n  h: x @ w\n  p: {type: t, input: [", file);
    list(file, n, ", ", "h");
    end_model(file, "]}\n" THE_REST);
}

/* ---------------------------------------------------------------------------------------- data */

static void inline_rows(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\n" OUTPUT LOSS TRAIN
                                          "data:\n  train:\n    x: [");
    repeat(file, n - 1, "[1, 2], ");
    fputs("[2, 1]]\n    y: [", file);
    repeat(file, n - 1, "[1], ");
    end_model(file, "[0]]\n");
}

static void wide_rows(int n) {
    FILE *file = begin_model("");
    fprintf(file,
            "inputs: {x: [B, %d]}\ntargets: {y: [B, 1]}\n"
            "graph:\n  p: {type: linear, out_features: 1}\n" OUTPUT LOSS TRAIN
            "data:\n  train:\n    y: [[1]]\n    x: [[",
            n);
    repeat(file, n - 1, "1, ");
    end_model(file, "1]]\n");
    write_question(n, "x.%d");
}

/* `labels`: every row has another. */
static void write_rows(const char *name, int rows, int columns, bool labels) {
    FILE *file = begin_file(name);
    list(file, columns, ",", "c%d");
    fputs(",y\n", file);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++)
            fprintf(file, "%d.5,", (i + j) % 10);
        if (labels)
            fprintf(file, "label%d\n", i * 7919 % rows);
        else
            fprintf(file, "%d\n", i % 2);
    }
    end_file(file);
}

static void write_table(int rows, int columns, bool labels) {
    write_rows("train.csv", rows, columns, labels);
    write_rows("question.csv", rows, columns, labels);
}

#define CSV_DATA                                                                                   \
    "data:\n  train: {csv: train.csv, x: \"*\", y: y}\n"                                           \
    "  validation: {from: train, fraction: 0.25}\n  standardize: [x]\n"                            \
    "  transform: {x: x / 2}\n"

static void csv_rows(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\n");
    end_model(file, OUTPUT LOSS TRAIN CSV_DATA);
    write_table(n, 2, false);
}

static void csv_columns(int n) {
    FILE *file = begin_model("");
    fprintf(file,
            "inputs: {x: [B, %d]}\ntargets: {y: [B, 1]}\n"
            "graph:\n  p: {type: linear, out_features: 1}\n",
            n);
    end_model(file, OUTPUT LOSS TRAIN CSV_DATA);
    write_table(8, n, false);
}

static void named_columns(int n) {
    FILE *file = begin_model("");
    fprintf(file,
            "inputs: {x: [B, %d]}\ntargets: {y: [B, 1]}\n"
            "graph:\n  p: {type: linear, out_features: 1}\n" OUTPUT LOSS TRAIN
            "data:\n  train:\n    csv: train.csv\n    y: y\n    x: [",
            n);
    list(file, n, ", ", "c%d");
    end_model(file, "]\n");
    write_table(8, n, false);
}

static void csv_columns_of_ports(int n) {
    FILE *file = begin_model("inputs:\n");
    list(file, n, "", "  x%d: [B, 1]\n");
    fputs("targets: {y: [B, 1]}\nparams: {w: {shape: [1, 1], init: ones}}\ngraph:\n", file);
    sum(file, n, "x%d @ w");
    fputs(OUTPUT LOSS TRAIN "data:\n  standardize: [", file);
    list(file, n, ", ", "x%d");
    fputs("]\n  transform:\n", file);
    list(file, n, "", "    x%d: x%d / 2\n");
    fputs("  train:\n    csv: train.csv\n    y: y\n", file);
    list(file, n, "", "    x%d: c%d\n");
    end_file(file);
    write_table(8, n, false);
}

/* A score for each class would make the work of n examples quadratic by itself. */
#define LABELLED                                                                                   \
    "params: {w: {shape: [1], init: ones}}\ngraph:\n  p: x[:, 0] * w\n" OUTPUT                     \
    "loss: mse(p, 0.1 * y)\n" TRAIN

static void labels(int n) {
    FILE *file = begin_model("inputs: {x: [B, 1]}\n");
    fprintf(file,
            "targets: {y: {shape: [B], dtype: i32, classes: %d}}\n" LABELLED
            "data: {train: {csv: train.csv, x: c0, y: y}}\n",
            n);
    end_file(file);
    write_table(n, 1, true);
}

static void class_names(int n) {
    FILE *file = begin_model("inputs: {x: [B, 1]}\ntargets:\n  y:\n    shape: [B]\n"
                             "    dtype: i32\n    classes: [");
    list(file, n, ", ", "label%d");
    fputs("]\n" LABELLED "data:\n  train: {csv: train.csv, x: c0, y: y}\n", file);
    end_file(file);
    write_table(n, 1, true);
}

static void strata(int n) {
    FILE *file = begin_model("inputs: {x: [B, 1]}\n");
    fprintf(file,
            "targets: {y: {shape: [B], dtype: i32, classes: %d}}\n" LABELLED
            "data:\n  train: {csv: train.csv, x: c0, y: y}\n"
            "  validation: {from: train, fraction: 0.25, stratify: y}\n",
            n);
    end_file(file);
    write_question(1, "c%d");
    file = begin_file("train.csv");
    fputs("c0,y\n", file);
    for (int i = 0; i < 4 * n; i++)
        fprintf(file, "%d,label%d\n", i % 5, i % n);
    end_file(file);
}

/* -------------------------------------------------------------------------------------- mistakes
 */

static void unknown_name(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  h0: x @ w\n");
    for (int i = 1; i < n; i++)
        fprintf(file, "  h%d: h%d + 1\n", i, i - 1);
    end_model(file, "  p: hh\n" THE_REST);
}

static void unused_names(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\n");
    list(file, n, "", "  h%d: p + %d\n");
    end_model(file, THE_REST);
}

static void epochs(int n) {
    FILE *file =
        begin_model(PORTS WEIGHT "graph:\n  p: x @ w\n" OUTPUT LOSS "metrics: {m: mean(p)}\n" DATA);
    fprintf(file, "train: {epochs: %d, batch_size: 3, seed: 1, optimizer: {type: sgd, lr: 0.01}}\n",
            n);
    end_file(file);
}

#define LOADING "expand show check"
#define ALL     "expand show check grad train eval predict"
#define GRAPH   " graph dot plan profile"
/* Each gradient is compared with differences of losses: of n parameters that takes n², by nature.
 */
#define BUT_CHECK "expand show grad train eval predict"
/* The graph is built once more for each symbolic dimension, to find out where it is in shapes. */
#define BUT_SHOW "expand check grad train eval predict"

const growing_model growing_models[] = {
    {"terms of a sum", sum_terms, 8, 190, 0, ALL},
    {"terms of several kinds", mixed_terms, 8, 190, 0, ALL},
    {"terms of constants", constant_terms, 8, 190, 0, ALL},
    {"powers of constants", powers, 2, 190, 0, LOADING},
    {"signs", signs, 2, 190, 0, LOADING},
    {"brackets", brackets, 2, 190, 0, LOADING},
    {"nested calls", calls, 2, 190, 0, LOADING},
    {"indices", indices, 8, 190, 0, ALL},
    {"nested choices", choices, 2, 190, 0, LOADING},
    {"operands of concat", joined, 4, 64, 0, ALL},
    {"results of split", split_results, 4, 64, 0, BUT_CHECK},
    {"vars", vars, 2, 0, 0, ALL},
    {"items of a var", long_list, 4, 0, 0, ALL},
    {"parameters", params, 2, 0, 0, BUT_CHECK},
    {"inputs", inputs, 2, 1000, 0, ALL},
    {"targets", targets, 2, 0, 0, ALL},
    {"outputs", outputs, 2, 0, 0, ALL},
    {"metrics", metrics, 2, 0, 0, ALL},
    {"symbolic dimensions", symbols, 4, 30, 0, BUT_SHOW},
    {"expected shapes", expectations, 2, 0, 0, ALL},
    {"comments", comments, 8, 0, 0, LOADING},
    {"words of doc", documentation, 8, 2000, 0, LOADING},
    {"aliases", aliases, 4, 0, 0, ALL},
    {"nodes", nodes, 4, 0, 0, ALL GRAPH},
    {"users of a node", users, 4, 0, 0, ALL},
    {"layers", layers, 2, 0, 0, BUT_CHECK GRAPH},
    {"copies of a layer", repeated, 2, 0, 0, BUT_CHECK},
    {"items of repeat", repeated_over_a_list, 2, 0, 0, BUT_CHECK},
    {"widths of mlp", widths, 2, 0, 0, BUT_CHECK},
    {"sharing layers", shared, 2, 0, 0, ALL},
    {"layers in a body", nested_lists, 2, 0, 0, BUT_CHECK},
    {"layer types", definitions, 2, 0, 0, ALL},
    {"layer types in a row", definitions_in_a_row, 4, 60, 0, ALL},
    {"included files", includes, 2, 0, 0, ALL},
    {"files in a row", included_chain, 4, 15, 0, ALL},
    {"arguments", arguments, 2, 800, 0, ALL},
    {"choices of an argument", words, 4, 0, 0, ALL},
    {"parameters of a layer", params_of_a_layer, 2, 0, 0, BUT_CHECK},
    {"results of a layer", results_of_a_layer, 2, 0, 0, ALL},
    {"inputs of a layer", inputs_of_a_layer, 2, 0, 0, ALL},
    {"rows in the file", inline_rows, 4, 0, 0, ALL},
    {"elements of a row", wide_rows, 8, 0, 0, BUT_CHECK},
    {"rows of a CSV file", csv_rows, 20, 0, 0, ALL},
    {"columns of a CSV file", csv_columns, 8, 0, 0, BUT_CHECK},
    {"columns by name", named_columns, 8, 0, 0, BUT_CHECK},
    {"columns of ports", csv_columns_of_ports, 2, 1000, 0, ALL},
    {"labels", labels, 4, 0, 0, ALL},
    {"names of classes", class_names, 4, 0, 0, ALL},
    {"classes of a split", strata, 4, 0, 0, ALL},
    {"names beside an unknown one", unknown_name, 8, 0, 1, LOADING},
    {"names that nothing uses", unused_names, 8, 0, 1, LOADING},
    {"epochs", epochs, 8, 0, 0, "train"},
};

const size_t growing_model_count = sizeof growing_models / sizeof *growing_models;
