/*
 * Models that grow in what layers keep, add to the loss, and are asked for: state, terms of the
 * loss, gradients, results by name, and names of what is trained.
 */
#include "model_file.h"
#include "models.h"

#define FOLLOW                                                                                     \
    "define:\n"                                                                                    \
    "  follow:\n"                                                                                  \
    "    inputs: {x: [B, n]}\n"                                                                    \
    "    params: {w: {shape: [n], init: ones}}\n"                                                  \
    "    state: {m: {shape: [n], init: zeros}}\n"                                                  \
    "    graph: {y: tanh(w * x - m)}\n"                                                            \
    "    update: {m: \"0.9 * m + 0.1 * mean(x, dim=0)\"}\n"                                        \
    "    outputs: [y]\n"                                                                           \
    "    losses: {energy: mean(y ** 2)}\n"
#define LAYER_LOSS                                                                                 \
    "  p: {type: linear, out_features: 1}\n" OUTPUT "loss: mse(p, y) + layer_losses\n"

static void states(int n) {
    FILE *file = begin_model(FOLLOW PORTS "graph:\n");
    write_list(file, n, "", "  a%d: {type: follow}\n");
    end_model(file, LAYER_LOSS DATA TRAIN);
}

static void shared_states(int n) {
    FILE *file = begin_model(FOLLOW PORTS "graph:\n  h: {type: follow}\n");
    write_list(file, n, "", "  a%d: {type: follow, share: h}\n");
    end_model(file, LAYER_LOSS DATA TRAIN);
}

static void own_states(int n) {
    FILE *file = begin_model(PORTS WEIGHT "state:\n");
    write_list(file, n, "", "  s%d: {shape: [], init: zeros}\n");
    fputs("graph: {p: x @ w}\nupdate:\n", file);
    for (int i = 0; i < n; i++)
        fprintf(file, "  s%d: s%d + 1\n", i, i);
    end_model(file, THE_REST);
}

static void gradients(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  a0: x @ w\n");
    for (int i = 0; i < n; i++)
        fprintf(file, "  a%d: tanh(a%d)\n  g%d: a%d + grad(a%d, a%d)\n", i + 1, i, i, i, i + 1, i);
    fprintf(file, "  p: a%d", n);
    for (int i = 0; i < n; i++)
        fprintf(file, " + g%d", i);
    end_model(file, "\n" THE_REST);
}

static void results_by_name(int n) {
    FILE *file = begin_model("define:\n"
                             "  two:\n"
                             "    inputs: {x: [B, n]}\n"
                             "    graph: {a: x + 1, b: tanh(x)}\n"
                             "    outputs: {y: a, z: b}\n" PORTS WEIGHT "graph:\n"
                             "  h0: {type: two}\n");
    for (int i = 0; i < n; i++)
        fprintf(file, "  h%d: {type: two, input: h%d.z}\n", i + 1, i);
    fprintf(file, "  p: h%d.y @ w\n", n);
    end_model(file, THE_REST);
}

static void trainables(int n) {
    FILE *file = begin_model(PORTS "graph:\n");
    write_list(file, n, "", "  a%d: {type: linear, out_features: 2, activation: tanh}\n");
    fputs("  p: {type: linear, out_features: 1}\ntrainable:\n  \"*.bias\": false\n", file);
    write_list(file, n, "", "  a%d.weight: 2 > 1\n");
    end_model(file, THE_REST);
}

static const growing_model models[] = {
    {"states of layers", states, 2, 0, 0, BUT_CHECK},
    {"uses of a state", shared_states, 2, 0, 0, ALL},
    {"states of the model", own_states, 2, 0, 0, ALL},
    {"gradients", gradients, 2, 0, 0, ALL},
    {"results by name", results_by_name, 2, 0, 0, ALL},
    {"names of what is trained", trainables, 2, 0, 0, BUT_CHECK},
};

const growing_list growing_language = {models, sizeof models / sizeof *models};
