/*
 * What layer types and layer nodes can say, by the operators that they expand to. Each model is
 * compared with the text of `params:` and `graph:` of its expansion, which is also loaded again.
 */
#include "model_text.h"
#include "same_model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "format: 1\nname: m\n"

typedef struct expansion {
    const char *name;
    const char *model;
    const char *expanded; /* the lines from `params:` or `graph:` to `outputs:` */
} expansion;

/* Adds to its input what it is given, and says what it was not given. */
#define MASKED                                                                                     \
    "define:\n"                                                                                    \
    "  masked:\n"                                                                                  \
    "    args: {shift: {type: int, optional: true}, f: {type: op, optional: true}}\n"              \
    "    inputs: {x: [B, t], mask: {shape: [B, t], optional: true}, z: {shape: [B, k], optional: " \
    "true}}\n"                                                                                     \
    "    params: {w: {shape: [t], init: ones, if: given(mask)}}\n"                                 \
    "    graph:\n"                                                                                 \
    "      y: if(given(mask), x * mask, x) + if(given(shift), shift, 0.5)\n"                       \
    "      s: if(given(z), sum(z) * k, 1)\n"                                                       \
    "      r: if(given(f), f(y), y) + s\n"                                                         \
    "      q: if(given(w), r * w, r)\n"                                                            \
    "    outputs: [q]\n"

/* A layer that adds two terms to the loss, and one that holds it. */
#define LOSSES                                                                                     \
    "define:\n"                                                                                    \
    "  size_of:\n"                                                                                 \
    "    args: {weight: {type: float, default: 1.0}}\n"                                            \
    "    inputs: {x: [B, k]}\n"                                                                    \
    "    params: {w: {shape: [k], init: ones}}\n"                                                  \
    "    graph: {y: x * w}\n"                                                                      \
    "    outputs: [y]\n"                                                                           \
    "    losses: {l1: weight * mean(abs(y)), l2: 0.5}\n"                                           \
    "  around:\n"                                                                                  \
    "    inputs: {x: [B, k]}\n"                                                                    \
    "    graph: {h: {type: size_of}}\n"                                                            \
    "    outputs: [h]\n"                                                                           \
    "    losses: {l1: sum(h)}\n"                                                                   \
    "inputs: {x: [B, 4]}\n"                                                                        \
    "graph:\n"

static const expansion expansions[] = {
    {"terms of the loss",
     HEAD LOSSES "  a: {type: size_of, weight: 2}\n"
                 "  c: {type: around}\n"
                 "outputs: [c]\n"
                 "loss: mean(c) + 0.1 * layer_losses\n"
                 "metrics: {all: layer_losses}\n",
     "loss: mean(c) + 0.1 * (a.l1 + 0.5 + c.h.l1 + 0.5 + c.l1)\n"
     "metrics:\n"
     "  all: a.l1 + 0.5 + c.h.l1 + 0.5 + c.l1\n"
     "  l1: a.l1 + c.h.l1 + c.l1\n"
     "  l2: 1.0\n"},
    {"terms of copies and of shared layers, and a metric of the same name",
     HEAD LOSSES "  a: {type: size_of, repeat: 2}\n"
                 "  b: {type: size_of, share: a.1}\n"
                 "  c: {type: around, if: 1 > 2}\n"
                 "outputs:\n"
                 "  b: if(given(c), c, b)\n"
                 "loss: if(2 > 1, layer_losses, 0)\n"
                 "metrics: {l2: mean(b)}\n",
     "loss: a.0.l1 + 0.5 + a.1.l1 + 0.5 + b.l1 + 0.5\n"
     "metrics:\n"
     "  l2: mean(b)\n"
     "  l1: a.0.l1 + a.1.l1 + b.l1\n"},
    {"terms that are left out on purpose, and where there is no loss",
     HEAD LOSSES "  a: {type: around}\n"
                 "outputs: [a]\n"
                 "loss: mean(a) + if(1 > 2, layer_losses, 0)\n",
     "loss: mean(a) + 0\nmetrics:\n  l1: a.h.l1 + a.l1\n  l2: 0.5\nexpect: {parameters: 4}\n"},
    {"terms where there is no loss",
     HEAD LOSSES "  a: {type: around}\n"
                 "outputs: [a]\n",
     "outputs: [a]\nexpect: {parameters: 4}\n"},
    {"a node that is called as the sum of terms",
     HEAD LOSSES "  layer_losses: {type: around}\n"
                 "outputs: {y: layer_losses}\n",
     "outputs:\n  y: layer_losses\nexpect: {parameters: 4}\n"},
    {"PyTorch's initial values",
     HEAD "inputs: {x: [B, 4], z: [B, 16]}\n"
          "graph:\n"
          "  h: {type: linear, input: x, out_features: 2}\n"
          "  b: {type: bilinear, input: [z, h], out_features: 1}\n"
          "  c: {type: linear, out_features: 2, init: ones, bias_init: zeros}\n"
          "  d: {type: mlp, hidden_features: [], out_features: 2, bias_init: ones}\n"
          "outputs: [d]\n",
     "params:\n"
     "  h.weight: {shape: [2, 4], init: {type: uniform, low: -0.5, high: 0.5}}\n"
     "  h.bias: {shape: [2], init: {type: uniform, low: -0.5, high: 0.5}}\n"
     "  b.weight: {shape: [1, 16, 2], init: {type: uniform, low: -0.25, high: 0.25}}\n"
     "  b.bias: {shape: [1], init: {type: uniform, low: -0.25, high: 0.25}}\n"
     "  c.weight: {shape: [2, 1], init: {type: ones}}\n"
     "  c.bias: {shape: [2], init: {type: zeros}}\n"
     "  d.out.weight: {shape: [2, 2], init: {type: uniform, low: -0.7071067811865475, high: "
     "0.7071067811865475}}\n"
     "  d.out.bias: {shape: [2], init: {type: ones}}\n"},
    {"results by the names of the layer type",
     HEAD "define:\n"
          "  pair:\n"
          "    inputs: {x: [B, k]}\n"
          "    graph: {twice: 2 * x, s: sum(twice)}\n"
          "    outputs: {y: twice, total: s, ratio: twice / s}\n"
          "  outer:\n"
          "    inputs: {x: [B, k]}\n"
          "    graph:\n"
          "      p: {type: pair}\n"
          "      y: p.ratio + p.y\n"
          "    outputs: [y]\n"
          "inputs: {x: [B, 4]}\n"
          "graph:\n"
          "  a: {type: pair}\n"
          "  b, c, d: {type: pair, input: a.ratio}\n"
          "  e: {type: outer, input: a.y * b.total + c}\n"
          "  deep: {type: pair, input: e, repeat: 2}\n"
          "outputs:\n  y: d + deep.total[0] + deep.y\n",
     "graph:\n"
     "  a.twice: 2 * x\n"
     "  a.s: sum(a.twice)\n"
     "  a.ratio: a.twice / a.s\n"
     "  b.twice: 2 * a.ratio\n"
     "  b.s: sum(b.twice)\n"
     "  b.ratio: b.twice / b.s\n"
     "  c: b.s\n"
     "  d: b.ratio\n"
     "  e.x: a.twice * b.s + c\n"
     "  e.p.twice: 2 * e.x\n"
     "  e.p.s: sum(e.p.twice)\n"
     "  e.p.ratio: e.p.twice / e.p.s\n"
     "  e.y: e.p.ratio + e.p.twice\n"
     "  e: e.y\n"
     "  deep.0.twice: 2 * e\n"
     "  deep.0.s: sum(deep.0.twice)\n"
     "  deep.1.twice: 2 * deep.0.twice\n"},
    {"nodes, parameters and copies that sizes decide",
     HEAD "define:\n"
          "  block:\n"
          "    args: {n: int}\n"
          "    inputs: {x: [B, k]}\n"
          "    params: {w: {shape: [n], init: ones, if: n > k, trainable: k > 4}}\n"
          "    graph:\n"
          "      a: {type: linear, out_features: n, use_bias: false, init: ones}\n"
          "      b: {type: linear, input: x, if: n != k, out_features: n, use_bias: false, init: "
          "ones}\n"
          "      c: if(n > k, a * w, a) + if(n != k, b, x)\n"
          "      d: if(n == k, -c, if(given(b), b + c, c))\n"
          "    outputs: [d]\n"
          "inputs: {x: [B, 4]}\n"
          "graph:\n"
          "  g: {type: block, repeat: {n: [4, 5, 2]}, n: n}\n"
          "  h: {type: block, repeat: \"size(g, 1) - 1\", n: 2}\n"
          "outputs: [h]\n",
     "params:\n"
     "  g.0.a.weight: {shape: [4, 4], init: {type: ones}}\n"
     "  g.1.w: {shape: [5], init: {type: ones}, trainable: false}\n"
     "  g.1.a.weight: {shape: [5, 4], init: {type: ones}}\n"
     "  g.1.b.weight: {shape: [5, 4], init: {type: ones}}\n"
     "  g.2.a.weight: {shape: [2, 5], init: {type: ones}}\n"
     "  g.2.b.weight: {shape: [2, 5], init: {type: ones}}\n"
     "  h.0.a.weight: {shape: [2, 2], init: {type: ones}}\n"
     "graph:\n"
     "  g.0.a.z: matmul(x, g.0.a.weight, transpose_b=true)\n"
     "  g.0.a.y: identity(g.0.a.z)\n"
     "  g.0.c: g.0.a.y + x\n"
     "  g.0.d: if(4 == size(x, 1), -g.0.c, g.0.c)\n"
     "  g.1.a.z: matmul(g.0.d, g.1.a.weight, transpose_b=true)\n"
     "  g.1.a.y: identity(g.1.a.z)\n"
     "  g.1.b.z: matmul(g.0.d, g.1.b.weight, transpose_b=true)\n"
     "  g.1.b.y: identity(g.1.b.z)\n"
     "  g.1.c: if(5 > size(g.0.d, 1), g.1.a.y * g.1.w, g.1.a.y) + if(5 != size(g.0.d, 1), g.1.b.y, "
     "g.0.d)\n"
     "  g.1.d: if(5 == size(g.0.d, 1), -g.1.c, g.1.b.y + g.1.c)\n"
     "  g.2.a.z: matmul(g.1.d, g.2.a.weight, transpose_b=true)\n"
     "  g.2.a.y: identity(g.2.a.z)\n"
     "  g.2.b.z: matmul(g.1.d, g.2.b.weight, transpose_b=true)\n"
     "  g.2.b.y: identity(g.2.b.z)\n"
     "  g.2.c: g.2.a.y + if(2 != size(g.1.d, 1), g.2.b.y, g.1.d)\n"
     "  g.2.d: if(2 == size(g.1.d, 1), -g.2.c, g.2.b.y + g.2.c)\n"
     "  g: g.2.d\n"
     "  h.0.a.z: matmul(g, h.0.a.weight, transpose_b=true)\n"
     "  h.0.a.y: identity(h.0.a.z)\n"
     "  h.0.c: h.0.a.y + g\n"
     "  h.0.d: if(2 == size(g, 1), -h.0.c, h.0.c)\n"
     "  h: h.0.d\n"},
    {"parameters of one copy, and of layers that are arguments",
     HEAD
     "define:\n"
     "  scale: {inputs: {x: [B, k]}, params: {w: {shape: [k], init: ones}}, graph: {y: x * w}, "
     "outputs: [y]}\n"
     "  around:\n"
     "    args: {inner: layer}\n"
     "    inputs: {x: [B, k]}\n"
     "    graph:\n"
     "      a: {type: inner}\n"
     "      b: {type: inner, share: a}\n"
     "    outputs: [b]\n"
     "inputs: {x: [B, 4]}\n"
     "graph:\n"
     "  deep: {type: scale, repeat: 2}\n"
     "  one: {type: scale, share: deep.1}\n"
     "  all: {type: scale, share: deep.0, repeat: 2}\n"
     "  again: {type: scale, share: one}\n"
     "  first: {type: scale, share: deep, repeat: 1}\n"
     "  rows: {type: around, inner: [{type: scale}, {type: scale, repeat: 2}]}\n"
     "outputs: [rows]\n",
     "params:\n"
     "  deep.0.w: {shape: [4], init: {type: ones}}\n"
     "  deep.1.w: {shape: [4], init: {type: ones}}\n"
     "  rows.a.0.w: {shape: [4], init: {type: ones}}\n"
     "  rows.a.1.0.w: {shape: [4], init: {type: ones}}\n"
     "  rows.a.1.1.w: {shape: [4], init: {type: ones}}\n"
     "graph:\n"
     "  deep.0.y: x * deep.0.w\n"
     "  deep.1.y: deep.0.y * deep.1.w\n"
     "  deep: deep.1.y\n"
     "  one.y: deep * deep.1.w\n"
     "  one: one.y\n"
     "  all.0.y: one * deep.0.w\n"
     "  all.1.y: all.0.y * deep.0.w\n"
     "  all: all.1.y\n"
     "  again.y: all * deep.1.w\n"
     "  again: again.y\n"
     "  first.0.y: again * deep.0.w\n"
     "  first: first.0.y\n"
     "  rows.a.0.y: first * rows.a.0.w\n"
     "  rows.a.1.0.y: rows.a.0.y * rows.a.1.0.w\n"
     "  rows.a.1.1.y: rows.a.1.0.y * rows.a.1.1.w\n"
     "  rows.b.0.y: rows.a.1.1.y * rows.a.0.w\n"
     "  rows.b.1.0.y: rows.b.0.y * rows.a.1.0.w\n"
     "  rows.b.1.1.y: rows.b.1.0.y * rows.a.1.1.w\n"
     "  rows: rows.b.1.1.y\n"},
    {"padding of an embedding",
     HEAD "inputs: {x: {shape: [B], dtype: i64}}\n"
          "graph:\n"
          "  h: {type: embedding, num_embeddings: 5, embedding_dim: 2, padding_idx: -1}\n"
          "outputs: [h]\n",
     "params:\n"
     "  h.weight: {shape: [5, 2], init: {type: normal, mean: 0, std: 1, zero_row: -1}}\n"
     "graph:\n"
     "  h.rows: embedding(x, h.weight)\n"
     "  h.padded: unsqueeze(x == 4, -1)\n"
     "  h.y: where(h.padded, stop_gradient(h.rows), h.rows)\n"
     "  h: h.y\n"},
    {"nothing optional is given",
     HEAD MASKED "inputs: {x: [B, 4]}\n"
                 "graph: {h: {type: masked, input: x}}\n"
                 "outputs: [h]\n",
     "graph:\n"
     "  h.y: x + 0.5\n"
     "  h.r: h.y + 1\n"
     "  h.q: h.r\n"
     "  h: h.q\n"},
    {"inputs by position and by name",
     HEAD MASKED "inputs: {x: [B, 4]}\n"
                 "graph:\n"
                 "  h: {type: masked, input: [x, x], shift: 2, f: tanh}\n"
                 "  g: {type: masked, input: {z: h, x: h}}\n"
                 "outputs: [g]\n",
     "params:\n"
     "  h.w: {shape: [4], init: {type: ones}}\n"
     "graph:\n"
     "  h.y: x * x + 2\n"
     "  h.r: tanh(h.y) + 1\n"
     "  h.q: h.r * h.w\n"
     "  h: h.q\n"
     "  g.y: h + 0.5\n"
     "  g.s: sum(h) * size(h, 1)\n"
     "  g.r: g.y + g.s\n"
     "  g.q: g.r\n"
     "  g: g.q\n"},
    {"what is not given is handed on as not given",
     HEAD MASKED "  outer:\n"
                 "    args:\n"
                 "      n: {type: int, optional: true}\n"
                 "      start: {type: init, optional: true}\n"
                 "    inputs: {x: [B, t], mask: {shape: [B, t], optional: true}}\n"
                 "    graph:\n"
                 "      a: {type: masked, input: {x: x, mask: mask}, shift: n}\n"
                 "      b: {type: linear, out_features: 1, use_bias: false, init: start}\n"
                 "    outputs: [b]\n"
                 "inputs: {x: [B, 4]}\n"
                 "graph:\n"
                 "  h: {type: outer, input: x}\n"
                 "  g: {type: outer, input: [x, x], n: 3, start: zeros}\n"
                 "outputs: {y: h + g}\n",
     "params:\n"
     "  h.b.weight: {shape: [1, 4], init: {type: uniform, low: -0.5, high: 0.5}}\n"
     "  g.a.w: {shape: [4], init: {type: ones}}\n"
     "  g.b.weight: {shape: [1, 4], init: {type: zeros}}\n"
     "graph:\n"
     "  h.a.y: x + 0.5\n"
     "  h.a.r: h.a.y + 1\n"
     "  h.a.q: h.a.r\n"
     "  h.b.z: matmul(h.a.q, h.b.weight, transpose_b=true)\n"
     "  h.b.y: identity(h.b.z)\n"
     "  h: h.b.y\n"
     "  g.a.y: x * x + 3\n"
     "  g.a.r: g.a.y + 1\n"
     "  g.a.q: g.a.r * g.a.w\n"
     "  g.b.z: matmul(g.a.q, g.b.weight, transpose_b=true)\n"
     "  g.b.y: identity(g.b.z)\n"
     "  g: g.b.y\n"},
};

/* The part of an expanded model that begins with the first line of `expected`. */
static void expect_part(const expansion *e, const char *text) {
    char first[200] = "\n";
    strncat(first, e->expanded, strcspn(e->expanded, "\n"));
    const char *found = strstr(text, first);
    cr_assert_not_null(found, "%s:\n%s", e->name, text);
    cr_expect(strncmp(found + 1, e->expanded, strlen(e->expanded)) == 0,
              "%s: expected\n%s\nfound\n%s", e->name, e->expanded, found + 1);
}

Test(layer_language, expands) {
    for (size_t i = 0; i < sizeof expansions / sizeof *expansions; i++) {
        const expansion *e = &expansions[i];
        static const yg_dim dims[] = {{"B", 3}};
        const yg_network_options options = {.dims = dims, .dim_count = 1, .dtype = YG_F32};
        yg_error error = {0};
        yg_model *model = model_from_text(e->model, &error);
        cr_assert_not_null(model, "%s: %d:%d: %s", e->name, error.line, error.column,
                           error.message);
        char *text = yg_model_expand(model, &error);
        cr_assert_not_null(text, "%s: %s", e->name, error.message);
        expect_part(e, text);
        expect_expands(e->name, model, &options);
        free(text);
        yg_model_free(model);
    }
}

static const struct {
    const char *name;
    const char *nodes;     /* more of the graph */
    const char *trainable; /* the section */
    const char *trained;   /* names of parameters that are trained, each after a blank */
} frozen[] = {
    {"all", "", "", " w a.weight a.bias b.out.weight b.out.bias c.0.w c.1.w"},
    {"a node", "  d: {type: linear, input: c, out_features: 1, trainable: n > 3}\n", "",
     " w a.weight a.bias b.out.weight b.out.bias c.0.w c.1.w"},
    {"a formula that is true",
     "  d: {type: linear, input: c, out_features: 1, use_bias: false, trainable: n == 3}\n", "",
     " w a.weight a.bias b.out.weight b.out.bias c.0.w c.1.w d.weight"},
    {"layers in a layer, and a copy",
     "  d: {type: outer, input: c, k: 2, repeat: {i: 2}, trainable: i > 0}\n", "",
     " w a.weight a.bias b.out.weight b.out.bias c.0.w c.1.w d.1.h.weight d.1.h.bias d.1.s.w"},
    {"by an argument", "  d: {type: outer, input: c, k: 1, learn: false}\n", "",
     " w a.weight a.bias b.out.weight b.out.bias c.0.w c.1.w d.s.w"},
    {"a layer that is an argument",
     "  d: {type: residual, input: c, layers: [{type: linear, out_features: 4, trainable: false}, "
     "{type: scale}]}\n",
     "", " w a.weight a.bias b.out.weight b.out.bias c.0.w c.1.w d.branch.1.w"},
    {"a name", "", "trainable: {a.weight: false}\n",
     " w a.bias b.out.weight b.out.bias c.0.w c.1.w"},
    {"patterns, of which the last counts", "", "trainable: {\"*\": false, \"*.weight\": n > 2}\n",
     " a.weight b.out.weight e.h.weight"},
    {"a pattern in the middle", "", "trainable: {\"b*ias\": false, \"c.*.w\": false}\n",
     " w a.weight a.bias b.out.weight"},
    {"a pattern against a node",
     "  d: {type: linear, input: c, out_features: 1, trainable: false}\n",
     "trainable: {\"*\": false, \"d.w*t\": true}\n", " d.weight"},
    {"a parameter of the model", "", "trainable: {w: 1 > 2, \"*.b*\": false}\n",
     " a.weight b.out.weight c.0.w c.1.w"},
};

/* What is not trained is told by a truth value beside a parameter, at a node, or by patterns. */
Test(layer_language, what_is_trained) {
    for (size_t i = 0; i < sizeof frozen / sizeof *frozen; i++) {
        static const yg_dim dims[] = {{"B", 3}};
        const yg_network_options options = {.dims = dims, .dim_count = 1, .dtype = YG_F32};
        char text[3000], trained[600] = "";
        yg_error error = {0};
        snprintf(text, sizeof text,
                 HEAD "vars: {n: 3}\n"
                      "define:\n"
                      "  scale:\n"
                      "    args: {learn: {type: bool, default: true}}\n"
                      "    inputs: {x: [B, k]}\n"
                      "    params: {w: {shape: [k], init: ones, trainable: learn}}\n"
                      "    state: {s: {shape: [], init: ones}}\n"
                      "    graph: {y: x * w * s}\n"
                      "    outputs: [y]\n"
                      "  outer:\n"
                      "    args: {k: int, learn: {type: bool, default: true}}\n"
                      "    inputs: {x: [B, 4]}\n"
                      "    graph:\n"
                      "      h: {type: linear, out_features: 4, trainable: learn}\n"
                      "      s: {type: scale}\n"
                      "      y: s / k\n"
                      "    outputs: [y]\n"
                      "inputs: {x: [B, 4]}\n"
                      "params:\n"
                      "  w: {shape: [4], init: ones, trainable: n > 2}\n"
                      "  v: {shape: [4], init: ones, trainable: n > 3}\n"
                      "graph:\n"
                      "  a: {type: linear, input: x * w * v, out_features: 4}\n"
                      "  b: {type: mlp, hidden_features: [], out_features: 4}\n"
                      "  c: {type: scale, repeat: 2}\n"
                      "  e: {type: outer, input: c, k: 1, trainable: false}\n"
                      "%soutputs: {y: %s + sum(e)}\n%s",
                 frozen[i].nodes, frozen[i].nodes[0] ? "d" : "c", frozen[i].trainable);
        yg_model *model = model_from_text(text, &error);
        cr_assert_not_null(model, "%s: %d:%d: %s", frozen[i].name, error.line, error.column,
                           error.message);
        yg_network *network = yg_network_build(model, &options, &error);
        size_t count;
        const yg_network_parameter *parameters = yg_network_parameters(network, &count);
        for (size_t k = 0; k < count; k++)
            if (parameters[k].trainable) {
                strcat(trained, " ");
                strcat(trained, parameters[k].name);
            }
        cr_expect_str_eq(trained, frozen[i].trained, "%s:%s", frozen[i].name, trained);
        expect_expands(frozen[i].name, model, &options);
        yg_network_free(network);
        yg_model_free(model);
    }
}

/* `expect: parameters` may be a formula over vars. */
Test(layer_language, expects_formulas) {
    yg_error error = {0};
    yg_model *model = model_from_text(HEAD "vars: {n: 3}\n"
                                           "inputs: {x: [B, n]}\n"
                                           "graph: {h: {type: linear, out_features: 2}}\n"
                                           "outputs: [h]\n"
                                           "expect: {parameters: 2 * n + 2}\n",
                                      &error);
    cr_expect_not_null(model, "%s", error.message);
    yg_model_free(model);
}

/* What sizes decide is decided when a model is loaded. A graph for which it would be otherwise is
 * an error, also where the size is only known by a node's name, which `expand` leaves out. */
Test(layer_language, checks_what_sizes_decided) {
    const char *text = HEAD "inputs: {x: [B, T, 4]}\n"
                            "graph:\n"
                            "  t: size(x, 1)\n"
                            "  h: {type: linear, input: x, out_features: 4}\n"
                            "  k: {type: linear, out_features: 4, if: t > 3}\n"
                            "outputs: [k]\n";
    yg_error error = {0};
    yg_model *model = model_from_text(text, &error);
    cr_assert_not_null(model, "%s", error.message);
    for (int64_t length = 2; length < 6; length++) {
        const yg_dim dims[] = {{"B", 1}, {"T", length}};
        const yg_network_options options = {.dims = dims, .dim_count = 2, .dtype = YG_F32};
        yg_network *network = yg_network_build(model, &options, &error);
        cr_expect_eq(network != NULL, length > 3, "T = %d", (int)length);
        yg_network_free(network);
    }
    cr_expect_str_eq(error.message, "`if` of node 'k' cannot depend on a symbolic dimension or on "
                                    "`training`");
    cr_expect_eq(error.line, 7);
    char *expanded = yg_model_expand(model, &error);
    cr_assert_not_null(expanded);
    cr_expect_null(strstr(expanded, "  t: "), "%s", expanded);
    free(expanded);
    yg_model_free(model);
}
