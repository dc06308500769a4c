/*
 * Models that grow in what a recurrence has: steps, carries, sequences, results, layers in the body
 * and around it.
 */
#include "model_file.h"
#include "models.h"

#define FOLLOW                                                                                     \
    "define:\n"                                                                                    \
    "  follow:\n"                                                                                  \
    "    inputs: {x: [B, n]}\n"                                                                    \
    "    state: {m: {shape: [n], init: zeros}}\n"                                                  \
    "    graph: {y: tanh(x - m)}\n"                                                                \
    "    update: {m: \"0.9 * m + 0.1 * mean(x, dim=0)\"}\n"                                        \
    "    outputs: [y]\n"                                                                           \
    "    losses: {energy: mean(y ** 2)}\n"
#define PROJECTION "  p: {type: linear, input: last, out_features: 1}\n"

static void steps(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n");
    fprintf(file,
            "  h, last:\n    scan: {}\n    steps: %d\n    carry: {h: x}\n"
            "    graph: {h: tanh(h * 0.9 + transpose(w))}\n    collect: [h]\n"
            "  p: last @ w + unsqueeze(mean(h, [1, 2]), 1)\n",
            n);
    end_model(file, THE_REST);
}

static void steps_of_layer(int n, const char *type) {
    FILE *file = begin_model(PORTS "graph:\n");
    fprintf(file,
            "  z: tile(unsqueeze(x, 1), [1, %d, 1])\n"
            "  h: {type: %s, input: z, hidden_size: 2}\n"
            "  last: h[:, -1]\n" PROJECTION,
            n, type);
    end_model(file, THE_REST);
}

static void steps_of_lstm(int n) {
    steps_of_layer(n, "lstm");
}

static void steps_of_gru(int n) {
    steps_of_layer(n, "gru");
}

static void layers_of_lstm(int n) {
    FILE *file = begin_model(PORTS "graph:\n");
    fprintf(file,
            "  h: {type: lstm, input: \"unsqueeze(x, 1)\", hidden_size: 2, num_layers: %d}\n"
            "  last: h[:, -1]\n" PROJECTION,
            n);
    end_model(file, THE_REST);
}

static void layers_of_transformer(int n) {
    FILE *file = begin_model(PORTS "graph:\n");
    fprintf(
        file,
        "  h: {type: transformer_encoder, input: \"unsqueeze(x, 1)\", num_layers: %d, nhead: 1, "
        "dim_feedforward: 2}\n"
        "  last: h[:, -1]\n" PROJECTION,
        n);
    end_model(file, THE_REST);
}

static void carries(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  ? ");
    write_list(file, n, ", ", "l%d"); /* longer than YAML reads a key without "? " */
    fputs("\n  :\n    scan: {}\n    steps: 3\n    carry:\n", file);
    write_list(file, n, "", "      h%d: x\n");
    fputs("    graph:\n", file);
    write_list(file, n, "", "      h%1$d: tanh(h%1$d) * 0.5\n");
    write_sum(file, n, "l%d @ w");
    end_model(file, THE_REST);
}

static void sequences(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  z: unsqueeze(x, 1) * transpose(w)\n");
    fputs("  last:\n    scan:\n", file);
    write_list(file, n, "", "      s%1$d: z * %1$d\n");
    fputs("    carry: {h: x}\n    graph:\n      a0: h\n", file);
    for (int i = 0; i < n; i++)
        fprintf(file, "      a%d: tanh(a%d) + s%d\n", i + 1, i, i);
    fprintf(file, "      h: a%d\n" PROJECTION, n);
    end_model(file, THE_REST);
}

static void results(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  ? ");
    write_list(file, n, ", ", "c%d");
    fputs("\n  :\n    scan: {x_t: \"unsqueeze(x, 1)\"}\n    graph:\n", file);
    write_list(file, n, "", "      h%d: tanh(x_t) * 0.5\n");
    fputs("    collect: [", file);
    write_list(file, n, ", ", "h%d");
    fputs("]\n", file);
    write_sum(file, n, "c%d[:, 0] @ w");
    end_model(file, THE_REST);
}

static void states(int n) {
    FILE *file = begin_model(FOLLOW PORTS "graph:\n");
    fputs("  last:\n    scan: {}\n    steps: 3\n    carry: {h: x}\n    graph:\n", file);
    fputs("      a0: {type: follow, input: h}\n", file);
    for (int i = 1; i < n; i++)
        fprintf(file, "      a%d: {type: follow}\n", i);
    fprintf(file, "      h: a%d\n" PROJECTION, n - 1);
    end_model(file, OUTPUT "loss: mse(p, y) + layer_losses\n" DATA TRAIN);
}

static void in_a_row(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  h0: x\n");
    for (int i = 0; i < n; i++)
        fprintf(file,
                "  h%d:\n    scan: {}\n    steps: 30\n    carry: {c: h%d}\n"
                "    graph: {c: tanh(c) * 0.9}\n",
                i + 1, i);
    fprintf(file, "  p: h%d @ w\n", n);
    end_model(file, THE_REST);
}

static const growing_model models[] = {
    {"steps of a scan", steps, 20, 0, 0, ALL},
    {"steps of an lstm", steps_of_lstm, 40, 4000, 0, BUT_CHECK},
    {"steps of a gru", steps_of_gru, 40, 4000, 0, BUT_CHECK},
    {"layers of an lstm", layers_of_lstm, 2, 400, 0, BUT_CHECK},
    {"layers of a transformer", layers_of_transformer, 2, 200, 0, BUT_CHECK},
    {"carries of a scan", carries, 2, 0, 0, ALL},
    {"sequences of a scan", sequences, 2, 0, 0, ALL},
    {"results of a scan", results, 2, 0, 0, ALL},
    {"states of layers in a scan", states, 2, 1000, 0, BUT_CHECK},
    {"scans in a row", in_a_row, 2, 400, 0, ALL},
};

const growing_list growing_scans = {models, sizeof models / sizeof *models};
