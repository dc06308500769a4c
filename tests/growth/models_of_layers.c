/*
 * Models that grow in layers, and in layer types of their own.
 */
#include "model_file.h"
#include "models.h"

/* ------------------------------------------------------------------------------------ layers -- */

static void layers(int n) {
    FILE *file = begin_model(PORTS "graph:\n");
    write_list(file, n, "", "  a%d: {type: linear, out_features: 2, activation: tanh}\n");
    end_model(file, "  p: {type: linear, out_features: 1}\n" THE_REST);
}

static void repeated(int n) {
    FILE *file = begin_model(PORTS "graph:\n");
    fprintf(file, "  a: {type: linear, repeat: %d, out_features: 2, activation: tanh}\n", n);
    end_model(file, "  p: {type: linear, out_features: 1}\n" THE_REST);
}

static void repeated_over_a_list(int n) {
    FILE *file = begin_model("vars:\n  sizes: [");
    write_list(file, n, ", ", "2");
    end_model(file,
              "]\n" PORTS "graph:\n"
              "  a: {type: linear, repeat: {width: sizes}, out_features: width, activation: tanh}\n"
              "  p: {type: linear, out_features: 1}\n" THE_REST);
}

static void widths(int n) {
    FILE *file = begin_model(PORTS "graph:\n  a: {type: mlp, hidden_features: [");
    write_times(file, n - 1, "2, ");
    end_model(
        file,
        "2], out_features: 2, activation: tanh}\n  p: {type: linear, out_features: 1}\n" THE_REST);
}

static void shared(int n) {
    FILE *file = begin_model(PORTS "graph:\n  h: {type: linear, out_features: 2}\n");
    write_list(file, n, "", "  a%d: {type: linear, share: h, out_features: 2, activation: tanh}\n");
    end_model(file, "  p: {type: linear, out_features: 1}\n" THE_REST);
}

static void nested_lists(int n) {
    FILE *file = begin_model(PORTS "graph:\n  a:\n    type: residual\n    layers:\n");
    write_times(file, n, "      - {type: linear, out_features: 2, activation: tanh}\n");
    end_model(file, "  p: {type: linear, out_features: 1}\n" THE_REST);
}

/* ------------------------------------------------------------------------------- layer types -- */

#define DEFINITION "  t%d:\n    inputs: {x: [...]}\n    graph: {y: x + %d}\n    outputs: [y]\n"

static void definitions(int n) {
    FILE *file = begin_model("define:\n");
    write_list(file, n, "", DEFINITION);
    fputs(PORTS WEIGHT "graph:\n  h: x @ w\n", file);
    write_list(file, n, "", "  a%d: {type: t%d}\n");
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
    write_list(file, n, "", "  - l%d.yaml\n");
    fputs(PORTS WEIGHT "graph:\n  h: x @ w\n", file);
    write_list(file, n, "", "  a%d: {type: t%d}\n");
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
    write_list(file, n, "", "      a%d: {type: float, default: %d}\n");
    fputs("    inputs: {x: [...]}\n    graph:\n      y0: x\n", file);
    for (int i = 0; i < n; i++)
        fprintf(file, "      y%d: y%d + a%d\n", i + 1, i, i);
    fprintf(file, "    outputs: [y%d]\n", n);
    fputs(PORTS WEIGHT "graph:\n  h: x @ w\n  p:\n    type: t\n", file);
    write_list(file, n, "", "    a%d: %d\n");
    end_model(file, THE_REST);
}

static void words(int n) {
    FILE *file = begin_model("define:\n  t:\n    args:\n      mode:\n        type: choice\n"
                             "        choices: [");
    write_list(file, n, ", ", "c%d");
    fputs("]\n    inputs: {x: [...]}\n    graph:\n      y: if(mode == 'c0', x, 2 * x)\n"
          "    outputs: [y]\n" PORTS WEIGHT "graph:\n  h: x @ w\n  p: {type: t, mode: c1}\n",
          file);
    end_model(file, THE_REST);
}

static void params_of_a_layer(int n) {
    FILE *file = begin_model("define:\n  t:\n    inputs: {x: [..., k]}\n    params:\n");
    write_list(file, n, "", "      w%d: {shape: [k], init: ones}\n");
    fputs("    graph:\n      y0: x\n", file);
    for (int i = 0; i < n; i++)
        fprintf(file, "      y%d: y%d * w%d\n", i + 1, i, i);
    fprintf(file, "    outputs: [y%d]\n", n);
    fputs(PORTS "graph:\n  a: {type: t}\n  p: {type: linear, out_features: 1}\n", file);
    end_model(file, THE_REST);
}

static void results_of_a_layer(int n) {
    FILE *file = begin_model("define:\n  t:\n    inputs: {x: [...]}\n    graph:\n");
    write_list(file, n, "", "      y%d: x + %d\n");
    fputs("    outputs: [", file);
    write_list(file, n, ", ", "y%d");
    /* YAML allows a key of more than 1,024 characters only after a question mark. */
    fputs("]\n" PORTS WEIGHT "graph:\n  h: x @ w\n  ? ", file);
    write_list(file, n, ", ", "r%d");
    fputs("\n  : {type: t, input: h}\n", file);
    write_sum(file, n, "r%d");
    end_model(file, THE_REST);
}

static void inputs_of_a_layer(int n) {
    FILE *file = begin_model("define:\n  t:\n    inputs:\n");
    write_list(file, n, "", "      x%d: [...]\n");
    fputs("    graph:\n      y0: x0\n", file);
    for (int i = 1; i < n; i++)
        fprintf(file, "      y%d: y%d + x%d\n", i, i - 1, i);
    fprintf(file, "    outputs: [y%d]\n", n - 1);
    fputs(PORTS WEIGHT "graph:\n  h: x @ w\n  p: {type: t, input: [", file);
    write_list(file, n, ", ", "h");
    end_model(file, "]}\n" THE_REST);
}

static const growing_model models[] = {
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
};

const growing_list growing_layers = {models, sizeof models / sizeof *models};
