/*
 * Loading, expanding and building a model that uses every section of the language, with allocations
 * that fail: a clean error or the right result, and nothing left behind.
 */
#include "fault_injection.h"
#include "graph/random.h"
#include "models/model.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "format: 1\n"
    "vars: {n: 3}\n"
    "define:\n"
    "  follow:\n"
    "    args: {track: {type: bool, default: true}}\n"
    "    inputs: {x: [B, width]}\n"
    "    params: {w: {shape: [width], init: ones}}\n"
    "    state: {m: {shape: [width], init: zeros, if: track}}\n"
    "    graph: {y: \"if(track, x * w - m, x * w)\"}\n"
    "    update: {m: \"0.9 * m + 0.1 * mean(x, dim=0)\"}\n"
    "    outputs: [y]\n"
    "    losses: {energy: mean(y ** 2), two: 2}\n"
    "inputs: {x: [B, T, n], long: {shape: [B], dtype: i64}}\n"
    "state: {steps: {shape: [], init: zeros, dtype: i64}}\n"
    "params: {v: {shape: [n, n], init: xavier_uniform}}\n"
    "graph:\n"
    "  y, last, count:\n"
    "    scan: {x_t: x, z_t: x * x}\n"
    "    carry: {h: \"x[:, 0]\", k: {value: 0, lengths: false, truncate: false}}\n"
    "    lengths: long\n"
    "    truncate: 2\n"
    "    graph:\n"
    "      f: {type: follow, input: x_t + z_t @ v}\n"
    "      s: {scan: {}, steps: 2, carry: {c: f}, graph: {g: {type: follow, input: c, share: f}, "
    "c: h * g}}\n"
    "      h: tanh(s)\n"
    "      k: k + 1\n"
    "    collect: [h]\n"
    "  u, h_n: {type: gru, input: y, hidden_size: n, num_layers: 2, trainable: false}\n"
    "  copies: {type: linear, input: last, repeat: {i: 2}, names: \"{name}_{i}\", out_features: "
    "n}\n"
    "  more: {type: follow, input: copies, track: false, if: n > 2}\n"
    "  by: grad(more, x)\n"
    "outputs: {y: u, n: steps + count, by: by, p: \"h_n[0] + more\"}\n"
    "loss: mean(u) + sum(by ** 2) + layer_losses\n"
    "update: {steps: steps + 1}\n"
    "trainable: {\"y.*\": n > 3, v: true}\n";

/* Everything from the file to a network. *expanded becomes the text of the expanded model. */
static bool pass(const char *path, char **expanded, yg_error *error) {
    static const yg_dim dims[] = {{"B", 2}, {"T", 3}};
    const yg_network_options options = {
        .dims = dims, .dim_count = 2, .training = true, .dtype = YG_F32};
    *expanded = NULL;
    yg_model *model = yg_model_load(path, NULL, error);
    yg_network *network = model ? yg_network_build(model, &options, error) : NULL;
    if (network)
        *expanded = yg_model_expand(model, error);
    yg_network_free(network);
    yg_model_free(model);
    return *expanded != NULL;
}

/* Every allocation is too many to try: one of each hundred or so is chosen. */
Test(allocation_language, may_fail_anywhere) {
    enum { TRIES = 250 };
    const workspace w = workspace_make();
    char path[256], *whole, *expanded;
    yg_error error = {0};
    workspace_write(&w, "model.yaml", text);
    snprintf(path, sizeof path, "%s", workspace_path(&w, "model.yaml"));
    fault_injection_begin(0);
    cr_assert(pass(path, &whole, &error), "%d:%d: %s", (int)error.line, (int)error.column,
              error.message);
    const uint64_t total = fault_injection_end().asked;
    cr_assert_gt(total, TRIES);
    for (uint64_t i = 0; i < TRIES; i++) {
        const uint64_t each = total / TRIES, n = i * each + 1 + yg_random_below(1, 2, i, each);
        error = (yg_error){0};
        fault_injection_begin(n);
        const bool good = pass(path, &expanded, &error);
        if (good) {
            cr_expect_str_eq(expanded, whole, "allocation %d", (int)n);
            free(expanded);
        }
        const fault_report report = fault_injection_end();
        cr_expect_eq(report.left, 0, "allocation %d: %d are left", (int)n, (int)report.left);
        cr_expect(report.failed, "allocation %d did not come", (int)n);
        cr_expect(good || error.code == YG_ERROR_MEMORY, "allocation %d: %s", (int)n,
                  error.message);
    }
    free(whole);
    workspace_remove(&w);
}
