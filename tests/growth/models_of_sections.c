/*
 * Models that grow in their other sections: variables, parameters, inputs, outputs, comments.
 */
#include "model_file.h"
#include "models.h"

static void vars(int n) {
    FILE *file = begin_model("vars:\n");
    write_list(file, n, "", "  v%d: %d\n");
    fputs(PORTS WEIGHT "graph:\n", file);
    write_sum(file, n, "x @ w * v%d");
    end_model(file, THE_REST);
}

static void long_list(int n) {
    FILE *file = begin_model("vars:\n  v: [");
    write_list(file, n, ", ", "%d");
    end_model(file, "]\n" PORTS WEIGHT "graph:\n  p: x @ w + v[0]\n" THE_REST);
}

static void params(int n) {
    FILE *file = begin_model(PORTS "params:\n");
    write_list(file, n, "", "  w%d: {shape: [2, 1], init: normal}\n");
    fputs("graph:\n", file);
    write_sum(file, n, "x @ w%d");
    end_model(file, THE_REST);
}

static void inputs(int n) {
    FILE *file = begin_model("inputs:\n");
    write_list(file, n, "", "  x%d: [B, 1]\n");
    fputs("targets: {y: [B, 1]}\nparams: {w: {shape: [1, 1], init: ones}}\ngraph:\n", file);
    write_sum(file, n, "x%d @ w");
    fputs(OUTPUT LOSS TRAIN "data:\n  train:\n    y: [[1], [0], [1]]\n", file);
    write_list(file, n, "", "    x%d: [[1], [2], [0]]\n");
    end_file(file);
    write_question(n, "x%d");
}

static void targets(int n) {
    FILE *file = begin_model("inputs: {x: [B, 2]}\ntargets:\n");
    write_list(file, n, "", "  y%d: [B, 1]\n");
    fputs(WEIGHT "graph:\n  q: x @ w\n", file);
    write_sum(file, n, "y%d");
    fputs("outputs: [q]\nloss: mse(q, p)\n" TRAIN
          "data:\n  train:\n    x: [[1, 2], [2, 1], [0, 1]]\n",
          file);
    write_list(file, n, "", "    y%d: [[1], [2], [0]]\n");
    end_file(file);
}

static void outputs(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\noutputs:\n");
    write_list(file, n, "", "  o%d: p + %d\n");
    end_model(file, LOSS DATA TRAIN);
}

static void metrics(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\nmetrics:\n");
    write_list(file, n, "", "  m%d: mean(p) + %d\n");
    end_model(file, THE_REST);
}

static void symbols(int n) {
    FILE *file = begin_model("inputs:\n");
    write_list(file, n, "", "  x%d: [B, T%d]\n");
    fputs("targets: {y: [B, 1]}\nparams: {w: {shape: [1], init: ones}}\ngraph:\n", file);
    write_sum(file, n, "sum(x%d * w, dim=1, keepdim=true)");
    fputs(OUTPUT LOSS TRAIN "data:\n  train:\n    y: [[1], [0], [1]]\n", file);
    write_list(file, n, "", "    x%d: [[1], [2], [0]]\n");
    end_file(file);
    write_question(n, "x%d.0");
}

static void expectations(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  h0: x @ w\n");
    for (int i = 1; i < n; i++)
        fprintf(file, "  h%d: h%d + 1\n", i, i - 1);
    fprintf(file, "  p: h%d\nexpect:\n  shapes:\n", n - 1);
    write_list(file, n, "", "    h%d: [B, 1]\n");
    end_model(file, THE_REST);
}

static void comments(int n) {
    FILE *file = begin_model(PORTS WEIGHT);
    write_times(file, n, "# Nothing is said here, at some length, and so it goes.\n");
    end_model(file, "graph:\n  p: x @ w\n" THE_REST);
}

static void documentation(int n) {
    FILE *file = begin_model("doc: \"");
    write_times(file, n, "A word, and another one. ");
    end_model(file, "\"\n" PORTS WEIGHT "graph:\n  p: x @ w\n" THE_REST);
}

static void aliases(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\ndata:\n  train:\n    x: [&a [1, 2]");
    write_times(file, n, ", *a");
    fputs("]\n    y: [&b [1]", file);
    write_times(file, n, ", *b");
    end_model(file, "]\n" OUTPUT LOSS TRAIN);
}

static const growing_model models[] = {
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
};

const growing_list growing_sections = {models, sizeof models / sizeof *models};
