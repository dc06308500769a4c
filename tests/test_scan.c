/*
 * Scans in the model language: a scan computes what its steps do when they are written out, in
 * values and gradients, as one unit and unrolled; and `expand` prints it as a scan.
 */
#include "model_text.h"
#include "network_run.h"
#include "same_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static yg_model *load(const char *name, const char *text) {
    yg_error error = {0};
    yg_model *model = model_from_text(text, &error);
    cr_assert_not_null(model, "%s: %d:%d: %s\n%s", name, (int)error.line, (int)error.column,
                       error.message, text);
    return model;
}

#define HEAD                                                                                       \
    "format: 1\nvars: {n: 3}\n"                                                                    \
    "inputs: {x: [B, 4, n], h_0: [B, n]}\n"                                                        \
    "params: {w: {shape: [n, n], init: normal}}\n"
#define LOSS "loss: mean(h ** 2) + sum(h * h)"
#define TAIL LOSS "\n"

/* A layer that follows the mean of its input, and adds a term to the loss. */
#define FOLLOW                                                                                     \
    "define:\n"                                                                                    \
    "  follow:\n"                                                                                  \
    "    inputs: {x: [B, n]}\n"                                                                    \
    "    params: {w: {shape: [n], init: normal}}\n"                                                \
    "    state:\n"                                                                                 \
    "      center: {shape: [n], init: zeros}\n"                                                    \
    "      uses: {shape: [], init: zeros, dtype: i64}\n"                                           \
    "      seen: {shape: [], init: zeros, dtype: bool}\n"                                          \
    "    graph: {y: \"x * w - center * cast(uses + 1, float) + where(seen, 1.0, 2.0)\"}\n"         \
    "    update: {center: \"0.5 * center + mean(x, dim=0)\", uses: uses + 1, seen: true}\n"        \
    "    outputs: [y]\n"                                                                           \
    "    losses: {energy: mean(y ** 2)}\n"

/* A scan over four steps, and the same steps written out. */
static const struct {
    const char *name, *scan, *steps;
} cases[] = {
    {"one carry",
     HEAD "graph:\n"
          "  h, last:\n"
          "    scan: {x_t: x}\n"
          "    carry: {h: h_0}\n"
          "    graph: {h: tanh(x_t + h @ w)}\n"
          "    collect: [h]\n"
          "outputs: [h, last]\n" TAIL,
     HEAD "graph:\n"
          "  h1: tanh(x[:, 0] + h_0 @ w)\n"
          "  h2: tanh(x[:, 1] + h1 @ w)\n"
          "  h3: tanh(x[:, 2] + h2 @ w)\n"
          "  last: tanh(x[:, 3] + h3 @ w)\n"
          "  h: stack([h1, h2, h3, last], 1)\n"
          "outputs: [h, last]\n" TAIL},
    {"from the last step to the first",
     HEAD "graph:\n"
          "  h, last:\n"
          "    scan: {x_t: x}\n"
          "    dim: -2\n"
          "    reverse: true\n"
          "    carry: {h: h_0}\n"
          "    graph: {h: tanh(x_t + h @ w)}\n"
          "    collect: [h]\n"
          "outputs: [h, last]\n" TAIL,
     HEAD "graph:\n"
          "  h4: tanh(x[:, 3] + h_0 @ w)\n"
          "  h3: tanh(x[:, 2] + h4 @ w)\n"
          "  h2: tanh(x[:, 1] + h3 @ w)\n"
          "  last: tanh(x[:, 0] + h2 @ w)\n"
          "  h: stack([last, h2, h3, h4], 1)\n"
          "outputs: [h, last]\n" TAIL},
    {"carries that change places, and a sequence of their own",
     HEAD "graph:\n"
          "  y, h, g:\n"
          "    scan: {x_t: x, z_t: x * x}\n"
          "    carry: {a: h_0, b: 2 * h_0}\n"
          "    graph:\n"
          "      old: a\n"
          "      a: b\n"
          "      b: old * z_t + x_t @ w\n"
          "    collect: {y: a + b}\n"
          "outputs: [y, h, g]\n" TAIL,
     HEAD "graph:\n"
          "  b0: 2 * h_0\n"
          "  b1: h_0 * x[:, 0] * x[:, 0] + x[:, 0] @ w\n"
          "  b2: b0 * x[:, 1] * x[:, 1] + x[:, 1] @ w\n"
          "  h: b1 * x[:, 2] * x[:, 2] + x[:, 2] @ w\n"
          "  g: b2 * x[:, 3] * x[:, 3] + x[:, 3] @ w\n"
          "  y: stack([b0 + b1, b1 + b2, b2 + h, h + g], 1)\n"
          "outputs: [y, h, g]\n" TAIL},
    {"along the last dimension",
     HEAD "graph:\n"
          "  h, last:\n"
          "    scan: {x_t: x}\n"
          "    dim: 2\n"
          "    carry: {h: \"full([B, 4], 0.5)\"}\n"
          "    graph: {h: \"sin(x_t) * h + w[0, 1]\"}\n"
          "    collect: [h]\n"
          "  k: h_0\n"
          "outputs: [h, last, k]\n" TAIL,
     HEAD "graph:\n"
          "  h1: 0.5 * sin(x[:, :, 0]) + w[0, 1]\n"
          "  h2: h1 * sin(x[:, :, 1]) + w[0, 1]\n"
          "  last: h2 * sin(x[:, :, 2]) + w[0, 1]\n"
          "  h: stack([h1, h2, last], 2)\n"
          "  k: h_0\n"
          "outputs: [h, last, k]\n" TAIL},
    {"a layer in the body",
     HEAD "graph:\n"
          "  h:\n"
          "    scan: {x_t: x}\n"
          "    carry: {h: h_0}\n"
          "    graph:\n"
          "      in: {type: linear, out_features: n, activation: sigmoid}\n"
          "      h: {type: linear, input: in * (h @ w), out_features: n, use_bias: false}\n"
          "      k: h @ transpose(h.weight)\n"
          "    collect: {k: k - h}\n"
          "  z: h @ h.in.weight + h.in.bias\n"
          "outputs: [h, z]\n" TAIL,
     "format: 1\nvars: {n: 3}\ninputs: {x: [B, 4, n], h_0: [B, n]}\n"
     "params:\n"
     "  w: {shape: [n, n], init: normal}\n"
     "  h.in.weight: {shape: [n, n], init: {type: uniform, low: -3 ** -0.5, high: 3 ** -0.5}}\n"
     "  h.in.bias: {shape: [n], init: {type: uniform, low: -3 ** -0.5, high: 3 ** -0.5}}\n"
     "  h.h.weight: {shape: [n, n], init: {type: uniform, low: -3 ** -0.5, high: 3 ** -0.5}}\n"
     "graph:\n"
     "  v: transpose(h.h.weight)\n"
     "  i: sigmoid(x @ transpose(h.in.weight) + h.in.bias)\n"
     "  h1: (i[:, 0] * (h_0 @ w)) @ v\n"
     "  h2: (i[:, 1] * (h1 @ w)) @ v\n"
     "  h3: (i[:, 2] * (h2 @ w)) @ v\n"
     "  h4: (i[:, 3] * (h3 @ w)) @ v\n"
     "  a: stack([h1, h2, h3, h4], 1)\n"
     "  h: a @ v - a\n"
     "  z: h @ h.in.weight + h.in.bias\n"
     "outputs: [h, z]\n" TAIL},
    {"a scan in a scan",
     HEAD "graph:\n"
          "  h, last:\n"
          "    scan: {x_t: x}\n"
          "    carry: {h: h_0}\n"
          "    graph:\n"
          "      y, end:\n"
          "        scan: {v: x_t, u: h}\n"
          "        carry: {s: \"w[0, 0] + 0 * h[:, 0]\"}\n"
          "        graph: {s: tanh(s * v + u)}\n"
          "        collect: [s]\n"
          "      h: y * w[0] + unsqueeze(end, 1)\n"
          "    collect: [h]\n"
          "outputs: [h, last]\n" TAIL,
     HEAD "graph:\n"
          "  o: w[0, 0]\n"
          "  a0: tanh(o * x[:, 0, 0] + h_0[:, 0])\n"
          "  a1: tanh(a0 * x[:, 0, 1] + h_0[:, 1])\n"
          "  a2: tanh(a1 * x[:, 0, 2] + h_0[:, 2])\n"
          "  a: stack([a0, a1, a2], 1) * w[0] + unsqueeze(a2, 1)\n"
          "  b0: tanh(o * x[:, 1, 0] + a[:, 0])\n"
          "  b1: tanh(b0 * x[:, 1, 1] + a[:, 1])\n"
          "  b2: tanh(b1 * x[:, 1, 2] + a[:, 2])\n"
          "  b: stack([b0, b1, b2], 1) * w[0] + unsqueeze(b2, 1)\n"
          "  c0: tanh(o * x[:, 2, 0] + b[:, 0])\n"
          "  c1: tanh(c0 * x[:, 2, 1] + b[:, 1])\n"
          "  c2: tanh(c1 * x[:, 2, 2] + b[:, 2])\n"
          "  c: stack([c0, c1, c2], 1) * w[0] + unsqueeze(c2, 1)\n"
          "  d0: tanh(o * x[:, 3, 0] + c[:, 0])\n"
          "  d1: tanh(d0 * x[:, 3, 1] + c[:, 1])\n"
          "  d2: tanh(d1 * x[:, 3, 2] + c[:, 2])\n"
          "  last: stack([d0, d1, d2], 1) * w[0] + unsqueeze(d2, 1)\n"
          "  h: stack([a, b, c, last], 1)\n"
          "outputs: [h, last]\n" TAIL},
    {"steps without a sequence",
     HEAD "graph:\n"
          "  h:\n"
          "    scan: {}\n"
          "    steps: n - 1\n"
          "    carry: {h: h_0, k: 1.0}\n"
          "    graph: {h: h + k * tanh(h @ w), k: k / 2}\n"
          "    collect: [h]\n"
          "  z: sum(x)\n"
          "outputs: [h, z]\n" TAIL,
     HEAD "graph:\n"
          "  h1: h_0 + tanh(h_0 @ w)\n"
          "  h: stack([h1, h1 + 0.5 * tanh(h1 @ w)], 1)\n"
          "  z: sum(x)\n"
          "outputs: [h, z]\n" TAIL},
    {"gradients through two steps at most",
     HEAD "graph:\n"
          "  h, last:\n"
          "    scan: {x_t: x}\n"
          "    carry: {h: \"h_0 * w[0]\"}\n"
          "    truncate: 2\n"
          "    graph: {h: tanh(x_t + h @ w)}\n"
          "    collect: [h]\n"
          "outputs: [h, last]\n" TAIL,
     HEAD "graph:\n"
          "  h1: tanh(x[:, 0] + (h_0 * w[0]) @ w)\n"
          "  h2: tanh(x[:, 1] + h1 @ w)\n"
          "  h3: tanh(x[:, 2] + stop_gradient(h2) @ w)\n"
          "  last: tanh(x[:, 3] + h3 @ w)\n"
          "  h: stack([h1, h2, h3, last], 1)\n"
          "outputs: [h, last]\n" TAIL},
    {"gradients through three steps at most, from the last step to the first",
     HEAD "graph:\n"
          "  h, last:\n"
          "    scan: {x_t: x}\n"
          "    carry: {h: h_0}\n"
          "    truncate: 3\n"
          "    reverse: true\n"
          "    graph: {h: tanh(x_t + h @ w)}\n"
          "    collect: [h]\n"
          "outputs: [h, last]\n" TAIL,
     HEAD "graph:\n"
          "  h4: tanh(x[:, 3] + h_0 @ w)\n"
          "  h3: tanh(x[:, 2] + h4 @ w)\n"
          "  h2: tanh(x[:, 1] + h3 @ w)\n"
          "  last: tanh(x[:, 0] + stop_gradient(h2) @ w)\n"
          "  h: stack([last, h2, h3, h4], 1)\n"
          "outputs: [h, last]\n" TAIL},
    {"lengths",
     "format: 1\nvars: {n: 3}\ninputs: {x: [B, 4, n], h_0: [B, n]}\n"
     "params: {w: {shape: [n, n], init: normal}}\n"
     "graph:\n"
     "  long: maximum(2 * arange(B), 1)\n"
     "  h, last:\n"
     "    scan: {x_t: x}\n"
     "    carry: {h: h_0}\n"
     "    lengths: long\n"
     "    graph: {h: tanh(x_t + h @ w)}\n"
     "    collect: {h: h + 1}\n"
     "outputs: [h, last]\n" TAIL,
     HEAD "graph:\n"
          "  a1: tanh(x[2:3, 0] + h_0[2:3] @ w)\n"
          "  a2: tanh(x[2:3, 1] + a1 @ w)\n"
          "  a3: tanh(x[2:3, 2] + a2 @ w)\n"
          "  a4: tanh(x[2:3, 3] + a3 @ w)\n"
          "  b1: tanh(x[1:2, 0] + h_0[1:2] @ w)\n"
          "  b2: tanh(x[1:2, 1] + b1 @ w)\n"
          "  z: 0 * x[:1]\n"
          "  c1: tanh(x[:1, 0] + h_0[:1] @ w)\n"
          "  last: concat([c1, b2, a4], 0)\n"
          "  h: concat([concat([1 + stack([c1], 1), z[:, :3]], 1),\n"
          "             concat([1 + stack([b1, b2], 1), z[:, :2]], 1),\n"
          "             1 + stack([a1, a2, a3, a4], 1)], 0)\n"
          "outputs: [h, last]\n" TAIL},
    {"lengths, from the last step to the first",
     "format: 1\nvars: {n: 3}\ninputs: {x: [B, 4, n], h_0: [B, n]}\n"
     "params: {w: {shape: [n, n], init: normal}}\n"
     "graph:\n"
     "  h, last:\n"
     "    scan: {x_t: x}\n"
     "    carry: {h: h_0}\n"
     "    reverse: true\n"
     "    lengths: \"cast(maximum(2 * arange(B), 1), i32)\"\n"
     "    graph: {h: tanh(x_t + h @ w)}\n"
     "    collect: {h: h + 1}\n"
     "outputs: [h, last]\n" TAIL,
     HEAD "graph:\n"
          "  a4: tanh(x[2:3, 3] + h_0[2:3] @ w)\n"
          "  a3: tanh(x[2:3, 2] + a4 @ w)\n"
          "  a2: tanh(x[2:3, 1] + a3 @ w)\n"
          "  a1: tanh(x[2:3, 0] + a2 @ w)\n"
          "  b2: tanh(x[1:2, 1] + h_0[1:2] @ w)\n"
          "  b1: tanh(x[1:2, 0] + b2 @ w)\n"
          "  z: 0 * x[:1]\n"
          "  c1: tanh(x[:1, 0] + h_0[:1] @ w)\n"
          "  last: concat([c1, b1, a1], 0)\n"
          "  h: concat([concat([1 + stack([c1], 1), z[:, :3]], 1),\n"
          "             concat([1 + stack([b1, b2], 1), z[:, :2]], 1),\n"
          "             1 + stack([a1, a2, a3, a4], 1)], 0)\n"
          "outputs: [h, last]\n" TAIL},
    {"a layer with a state that is used twice in a step",
     FOLLOW HEAD "graph:\n"
                 "  h:\n"
                 "    scan: {x_t: x}\n"
                 "    carry: {h: h_0}\n"
                 "    graph:\n"
                 "      f: {type: follow, input: x_t + h @ w}\n"
                 "      h: tanh(f)\n"
                 "      g: {type: follow, input: h * h, share: f}\n"
                 "    collect: {y: h + g}\n"
                 "  by: grad(h, x)\n"
                 "outputs: [h]\n" LOSS " + layer_losses + sum(by ** 2)\n",
     FOLLOW HEAD "graph:\n"
                 "  h.f: {type: follow, input: \"x[:, 0] + h_0 @ w\"}\n"
                 "  a1: tanh(h.f)\n"
                 "  g1: {type: follow, input: a1 * a1, share: h.f}\n"
                 "  f2: {type: follow, input: \"x[:, 1] + a1 @ w\", share: h.f}\n"
                 "  a2: tanh(f2)\n"
                 "  g2: {type: follow, input: a2 * a2, share: h.f}\n"
                 "  f3: {type: follow, input: \"x[:, 2] + a2 @ w\", share: h.f}\n"
                 "  a3: tanh(f3)\n"
                 "  g3: {type: follow, input: a3 * a3, share: h.f}\n"
                 "  f4: {type: follow, input: \"x[:, 3] + a3 @ w\", share: h.f}\n"
                 "  a4: tanh(f4)\n"
                 "  g4: {type: follow, input: a4 * a4, share: h.f}\n"
                 "  h: stack([a1 + g1, a2 + g2, a3 + g3, a4 + g4], 1)\n"
                 "  by: grad(h, x)\n"
                 "outputs: [h]\n" LOSS " + layer_losses + sum(by ** 2)\n"},
    {"a state and a loss of a scan in a scan, below another use",
     FOLLOW HEAD "graph:\n"
                 "  h.y.f: {type: follow, input: \"h_0[:, :1]\"}\n"
                 "  h, last:\n"
                 "    scan: {x_t: \"x[:, :2]\"}\n"
                 "    carry: {h: h_0}\n"
                 "    graph:\n"
                 "      y:\n"
                 "        scan: {v: x_t}\n"
                 "        graph: {f: {type: follow, input: \"unsqueeze(v, 1)\", share: h.y.f}}\n"
                 "        collect: {f: \"f[:, 0]\"}\n"
                 "      e: {type: follow, input: \"y[:, :1]\", share: h.y.f}\n"
                 "      h: h * y + e\n"
                 "    collect: [h]\n"
                 "  k: {type: follow, input: \"(last @ w)[:, :1]\", share: h.y.f}\n"
                 "outputs: [h, k]\n" LOSS " + layer_losses\n",
     FOLLOW HEAD "graph:\n"
                 "  h.y.f: {type: follow, input: \"h_0[:, :1]\"}\n"
                 "  a0: {type: follow, input: \"x[:, 0, :1]\", share: h.y.f}\n"
                 "  a1: {type: follow, input: \"x[:, 0, 1:2]\", share: h.y.f}\n"
                 "  a2: {type: follow, input: \"x[:, 0, 2:]\", share: h.y.f}\n"
                 "  a: {type: follow, input: a0, share: h.y.f}\n"
                 "  h1: h_0 * concat([a0, a1, a2], 1) + a\n"
                 "  b0: {type: follow, input: \"x[:, 1, :1]\", share: h.y.f}\n"
                 "  b1: {type: follow, input: \"x[:, 1, 1:2]\", share: h.y.f}\n"
                 "  b2: {type: follow, input: \"x[:, 1, 2:]\", share: h.y.f}\n"
                 "  b: {type: follow, input: b0, share: h.y.f}\n"
                 "  last: h1 * concat([b0, b1, b2], 1) + b\n"
                 "  h: stack([h1, last], 1)\n"
                 "  k: {type: follow, input: \"(last @ w)[:, :1]\", share: h.y.f}\n"
                 "outputs: [h, k]\n" LOSS " + layer_losses\n"},
    {"neither lengths nor truncate concerns a state, a loss, or a carry that says so",
     FOLLOW HEAD "graph:\n"
                 "  h, last, n_last, c:\n"
                 "    scan: {x_t: x}\n"
                 "    carry:\n"
                 "      h: h_0\n"
                 "      k: {value: 0.0, lengths: false}\n"
                 "      c: {value: \"0 * h_0[0]\", lengths: 1 > 2, truncate: false}\n"
                 "    lengths: maximum(2 * arange(B), 1)\n"
                 "    truncate: 2\n"
                 "    graph:\n"
                 "      h: {type: follow, input: x_t + h @ w}\n"
                 "      k: k + sum(h)\n"
                 "      c: c + sin(h[-1])\n"
                 "    collect: [h]\n"
                 "outputs: [h, last, n_last, c]\n" LOSS " + layer_losses + sum(c) + n_last ** 2\n",
     FOLLOW HEAD "graph:\n"
                 "  m: unsqueeze(maximum(2 * arange(B), 1), 1)\n"
                 "  h.h: {type: follow, input: \"x[:, 0] + h_0 @ w\"}\n"
                 "  h1: where(m > 0, h.h, h_0)\n"
                 "  f2: {type: follow, input: \"x[:, 1] + h1 @ w\", share: h.h}\n"
                 "  h2: where(m > 1, f2, h1)\n"
                 "  s: stop_gradient(h2)\n"
                 "  f3: {type: follow, input: \"x[:, 2] + s @ w\", share: h.h}\n"
                 "  h3: where(m > 2, f3, h2)\n"
                 "  f4: {type: follow, input: \"x[:, 3] + h3 @ w\", share: h.h}\n"
                 "  last: where(m > 3, f4, h3)\n"
                 "  n_last: stop_gradient(sum(h.h) + sum(f2)) + sum(f3) + sum(f4)\n"
                 "  c: sin(h.h[-1]) + sin(f2[-1]) + sin(f3[-1]) + sin(f4[-1])\n"
                 "  h: stack([where(m > 0, h.h, 0), where(m > 1, f2, 0), where(m > 2, f3, 0),\n"
                 "            where(m > 3, f4, 0)], 1)\n"
                 "outputs: [h, last, n_last, c]\n" LOSS " + layer_losses + sum(c) + n_last ** 2\n"},
};

static const yg_dim dims[] = {{"B", 3}, {"T", 4}};
static const yg_network_options options = {
    .dims = dims, .dim_count = 2, .training = true, .dtype = YG_F64};

Test(scan, computes_its_steps) {
    const yg_compile_options plain = {0};
    const yg_compile_options units = {.without = (const char *const[]){"unroll"},
                                      .without_count = 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_model *scan = load(cases[i].name, cases[i].scan);
        yg_model *steps = load(cases[i].name, cases[i].steps);
        expect_same_model(cases[i].name, scan, &options, steps, &options, 1e-13);
        expect_same_program(cases[i].name, scan, &options, &plain, &units, 0);
        expect_expands(cases[i].name, scan, &options);
        yg_model_free(scan);
        yg_model_free(steps);
    }
}

/* --------------------------------------------------------------------------- symbolic lengths --
 */

#define ANY_LENGTH                                                                                 \
    "format: 1\ninputs: {x: [B, T, 3], h_0: [B, 3]}\n"                                             \
    "params: {w: {shape: [3, 3], init: normal}}\n"                                                 \
    "graph:\n"                                                                                     \
    "  y, last:\n"                                                                                 \
    "    scan: {x_t: x}\n"                                                                         \
    "    carry: {h: h_0}\n"                                                                        \
    "    graph: {h: \"dropout(tanh(x_t + h @ w), 0.2)\"}\n"                                        \
    "    collect: [h]\n"                                                                           \
    "outputs: [y, last]\nloss: sum(last * last) + sum(y)\n"

/* The values of an output of ANY_LENGTH. */
static double *run_length(int64_t length, const char *output, bool training, size_t *count) {
    const yg_dim sizes[] = {{"B", 2}, {"T", length}};
    const yg_network_options one = {
        .dims = sizes, .dim_count = 2, .training = training, .dtype = YG_F64};
    yg_model *model = load("any length", ANY_LENGTH);
    network_run run;
    yg_error error = {0};
    cr_assert(network_run_open(&run, model, &one, &error) &&
                  network_run_initialize(&run, 7, &error),
              "%s", error.message);
    network_run_draw(&run, 3);
    cr_assert(yg_program_run(run.program, 3, 5, &error), "%s", error.message);
    double *values = network_run_get(&run, output, count);
    cr_assert_not_null(values);
    network_run_close(&run);
    yg_model_free(model);
    return values;
}

/* One model runs for any number of steps; a longer run begins as a shorter one. */
Test(scan, takes_any_number_of_steps) {
    size_t few, many, none;
    double *last = run_length(1, "last", false, &few), *y = run_length(1, "y", false, &many);
    cr_assert(few == 6 && many == 6 && memcmp(last, y, 6 * sizeof *y) == 0);
    free(last);
    free(y);
    last = run_length(0, "last", false, &few);
    y = run_length(0, "y", false, &none);
    double *gradient = run_length(0, "gradient w", false, &many);
    cr_assert(few == 6 && none == 0 && many == 9);
    for (size_t i = 0; i < 9; i++)
        cr_expect_eq(gradient[i], 0);
    cr_expect(last[0] > 0 && last[0] < 1, "the last carry is the first one: %g", last[0]);
    free(last);
    free(y);
    free(gradient);
}

/* Dropout in the body draws anew in each step. */
Test(scan, draws_anew_in_each_step) {
    size_t count;
    double *y = run_length(400, "y", true, &count); /* a loop: it is too long to be unrolled */
    cr_assert_eq(count, 2 * 400 * 3);
    size_t zeros = 0, changes = 0;
    for (size_t i = 3; i < count; i++) {
        zeros += y[i] == 0;
        changes += (y[i] == 0) != (y[i - 3] == 0);
    }
    cr_expect(zeros > 400 && zeros < 560, "%zu of 2400 elements are dropped", zeros);
    cr_expect(changes > 600 && changes < 940, "%zu changes", changes);
    free(y);
}

/* -------------------------------------------------------------------------------- products -- */

/* Whether the graph around all scans multiplies by a parameter, whose name this is. */
static bool multiplies_by(const yg_model *model, const char *parameter) {
    yg_error error = {0};
    yg_network *network = yg_network_build(model, &options, &error);
    cr_assert_not_null(network, "%s", error.message);
    const yg_graph *graph = yg_network_graph(network);
    bool found = false;
    for (yg_node node = 0; node < yg_graph_size(graph); node++) {
        for (size_t k = 0; k < yg_node_operand_count(graph, node); k++)
            found = found ||
                    (strcmp(yg_node_op(graph, node)->name, "matmul") == 0 &&
                     strcmp(yg_node_name(graph, yg_node_operand(graph, node, k)), parameter) == 0);
    }
    yg_network_free(network);
    return found;
}

/* A product of a slice with a tensor from around the body is computed once, for all steps. */
Test(scan, multiplies_all_steps_at_once) {
    static const char *const text =
        "format: 1\ninputs: {x: [B, T, 3], h_0: [B, 3]}\n"
        "params:\n"
        "  u: {shape: [2, 2], init: normal}\n"
        "  v: {shape: [3, 3], init: normal}\n"
        "  w: {shape: [3, 3], init: normal}\n"
        "graph:\n"
        "  y, z:\n"
        "    scan: {x_t: x}\n"
        "    carry: {h: h_0}\n"
        "    graph:\n"
        "      in: {type: linear, input: x_t, out_features: 2, use_bias: false}\n"
        "      again: in @ u\n"
        "      s:\n"
        "        scan: {r: \"stack([x_t, 2 * x_t], 1)\"}\n"
        "        graph: {q: r @ v}\n"
        "        collect: [q]\n"
        "      h: tanh(h @ w) + sum(again) * s[:, 1]\n"
        "    collect: {y: h, z: transpose(w) @ transpose(x_t)}\n"
        "    dim: 1\n"
        "outputs: [y, z]\nloss: sum(y) + sum(sin(z))\n";
    yg_model *model = load("products", text);
    cr_expect(multiplies_by(model, "y.in.weight"), "of a layer");
    cr_expect(multiplies_by(model, "u"), "of a product");
    cr_expect_not(multiplies_by(model, "v"), "of what the body computes");
    expect_expands("products", model, &options);
    yg_network_options plain = options;
    plain.graph_flags = YG_GRAPH_NO_SIMPLIFY;
    expect_same_model("products", model, &options, model, &plain, 1e-13);
    yg_model_free(model);
}

/* ---------------------------------------------------------------------------------- growth -- */

/* A loop's plan does not grow with its steps, and its memory grows as they do. */
Test(scan, grows_linearly) {
    size_t instructions[3];
    double bytes[3];
    for (size_t i = 0; i < 3; i++) {
        const yg_dim sizes[] = {{"B", 2}, {"T", (int64_t)1000 << i}};
        const yg_network_options one = {
            .dims = sizes, .dim_count = 2, .training = true, .dtype = YG_F32};
        yg_model *model = load("growth", ANY_LENGTH);
        network_run run;
        yg_error error = {0};
        cr_assert(network_run_open(&run, model, &one, &error), "%s", error.message);
        const yg_program_stats stats = yg_program_get_stats(run.program);
        instructions[i] = stats.instructions;
        bytes[i] = (double)stats.arena_bytes;
        network_run_close(&run);
        yg_model_free(model);
    }
    cr_expect(instructions[0] == instructions[1] && instructions[1] == instructions[2]);
    cr_expect(bytes[2] - bytes[1] < 2.1 * (bytes[1] - bytes[0]), "%g, %g, %g bytes", bytes[0],
              bytes[1], bytes[2]);
    cr_expect(bytes[0] < 1000.0 * 2 * 3 * 4 * 12, "%g bytes for 1,000 steps", bytes[0]);
}
