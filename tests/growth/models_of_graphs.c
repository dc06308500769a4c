/*
 * Models that grow in their `graph:`: longer expressions, more nodes.
 */
#include "model_file.h"
#include "models.h"

/* ------------------------------------------------------------------------------- expressions -- */

static void sum_terms(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w");
    write_times(file, n, "+w[0]");
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
    write_times(file, n, "+v");
    end_model(file, ")\n" THE_REST);
}

static void powers(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w * (1");
    write_times(file, n, "**1");
    end_model(file, ")\n" THE_REST);
}

static void signs(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w + ");
    write_times(file, n, "-");
    end_model(file, "w[0]\n" THE_REST);
}

static void brackets(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: ");
    write_times(file, n, "(");
    fputs("x @ w", file);
    write_times(file, n, ")");
    end_model(file, "\n" THE_REST);
}

static void calls(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: ");
    write_times(file, n, "sin(");
    fputs("x @ w", file);
    write_times(file, n, ")");
    end_model(file, "\n" THE_REST);
}

static void indices(int n) {
    FILE *file = begin_model("vars: {s: [0, 1]}\n" PORTS WEIGHT "graph:\n  p: x @ w");
    write_times(file, n, "+w[s[0]]");
    end_model(file, "\n" THE_REST);
}

static void choices(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: ");
    write_times(file, n, "if(1 > 0, ");
    fputs("x @ w", file);
    write_times(file, n, ", w)");
    end_model(file, "\n" THE_REST);
}

static void joined(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: sum(concat([");
    write_list(file, n, ",", "x@w*%d");
    end_model(file, "], dim=1), dim=1, keepdim=true)\n" THE_REST);
}

static void split_results(int n) {
    FILE *file = begin_model("");
    fprintf(file,
            "inputs: {x: [B, 2]}\ntargets: {y: [B, 1]}\n"
            "params: {w: {shape: [2, %d], init: ones}}\ngraph:\n  ? ",
            n);
    write_list(file, n, ", ", "r%d");
    fprintf(file, "\n  : split(x @ w, %d, dim=1)\n", n);
    write_sum(file, n, "r%d");
    end_model(file, THE_REST);
}

/* ------------------------------------------------------------------------------------- nodes -- */

static void nodes(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  h0: x @ w\n");
    for (int i = 1; i < n; i++)
        fprintf(file, "  h%d: sin(h%d)\n", i, i - 1);
    fprintf(file, "  p: h%d\n", n - 1);
    end_model(file, THE_REST);
}

static void users(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  h: x @ w\n");
    write_sum(file, n, "sin(h + %d)");
    end_model(file, THE_REST);
}

/* ---------------------------------------------------------------------------------- mistakes -- */

static void unknown_name(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  h0: x @ w\n");
    for (int i = 1; i < n; i++)
        fprintf(file, "  h%d: h%d + 1\n", i, i - 1);
    end_model(file, "  p: hh\n" THE_REST);
}

static void unused_names(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\n");
    write_list(file, n, "", "  h%d: p + %d\n");
    end_model(file, THE_REST);
}

static const growing_model models[] = {
    {"terms of a sum", sum_terms, 8, 190, 0, ALL},
    {"terms of several kinds", mixed_terms, 8, 190, 0, ALL},
    {"terms of constants", constant_terms, 8, 190, 0, ALL},
    {"powers of constants", powers, 2, 190, 0, LOADING},
    {"signs", signs, 2, 190, 0, LOADING},
    {"brackets", brackets, 2, 190, 0, LOADING},
    {"nested calls", calls, 2, 190, 0, LOADING},
    {"indices", indices, 8, 190, 0, ALL},
    {"nested choices", choices, 2, 190, 0, LOADING},
    {"operands of concat", joined, 4, 0, 0, ALL},
    {"results of split", split_results, 4, 0, 0, BUT_CHECK},
    {"nodes", nodes, 4, 0, 0, ALL GRAPH},
    {"users of a node", users, 4, 0, 0, ALL},
    {"names beside an unknown one", unknown_name, 8, 0, 1, LOADING},
    {"names that nothing uses", unused_names, 8, 0, 1, LOADING},
};

const growing_list growing_graphs = {models, sizeof models / sizeof *models};
