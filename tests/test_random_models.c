/*
 * Random models: YAML text from a seed, with layers, layer types of its own, repeats, shared
 * parameters, several inputs, outputs and metrics. Each is built in several ways that must agree:
 * to the bit where the arithmetic is the same, within rounding where it is not.
 */
#include "graph/random.h"
#include "graph/rewrite.h"
#include "model_text.h"
#include "ops/ops.h"
#include "same_model.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODELS 100
#define NODES  14

/* A model's text while it is written. All tensors are [B, width], and these are their widths. */
typedef struct draft {
    uint64_t seed, count;
    char text[8000];
    size_t used;
    struct {
        char name[16];
        int width;
        const char *layer; /* the type that made it, if another node can share it */
        int from;          /* the width that it was given */
    } nodes[NODES + 3];
    int node_count;
    int unused; /* nodes from here on have no user yet */
} draft;

static int pick(draft *d, int below) {
    return (int)yg_random_below(d->seed, 77, d->count++, (uint64_t)below);
}

__attribute__((format(printf, 2, 3))) static void put(draft *d, const char *format, ...) {
    va_list list;
    va_start(list, format);
    d->used += (size_t)vsnprintf(d->text + d->used, sizeof d->text - d->used, format, list);
    va_end(list);
    cr_assert_lt(d->used, sizeof d->text);
}

static const char *activation(draft *d) {
    static const char *const list[] = {"identity", "tanh",     "sigmoid",          "softplus",
                                       "gelu",     "elu(0.5)", "leaky_relu(1 / n)"};
    return list[pick(d, 7)];
}

static int add_node(draft *d, int width) {
    const int i = d->node_count++;
    snprintf(d->nodes[i].name, sizeof d->nodes[i].name, "v%d", i);
    d->nodes[i].width = width;
    put(d, "  %s: ", d->nodes[i].name);
    return i;
}

/* An expression of one or two nodes, with a given width. */
static void put_expression(draft *d, int at, int depth) {
    static const char *const unary[] = {"tanh(", "sigmoid(", "sin(", "square(", "-(", "softmax("};
    static const char *const binary[] = {" + ", " - ", " * ", " / (2 + square("};
    const int other = pick(d, d->node_count - 1);
    const int kind = pick(d, depth > 2 ? 2 : 7);
    const bool fits = d->nodes[other].width == d->nodes[at].width;
    if (kind == 0) {
        put(d, "%s", d->nodes[at].name);
    } else if (kind == 1) {
        put(d, "%s", d->nodes[fits ? other : at].name);
    } else if (kind == 2) {
        put(d, "(%s * if(n == 3, 0.5, 2) + size(%s, -1) / 8)", d->nodes[at].name,
            d->nodes[at].name);
    } else if (kind < 5) {
        const int sign = pick(d, 6);
        put(d, "%s", unary[sign]);
        put_expression(d, at, depth + 1);
        put(d, sign == 5 ? ", -1)" : ")");
    } else {
        const int sign = pick(d, 4);
        put(d, "(");
        put_expression(d, at, depth + 1);
        put(d, "%s", binary[sign]);
        put_expression(d, at, depth + 1);
        put(d, sign == 3 ? ")))" : ")");
    }
}

static void put_layer(draft *d, int at) {
    const int width = d->nodes[at].width, kind = pick(d, 10);
    const char *input = d->nodes[at].name;
    const int out = 1 + pick(d, 5);
    int i;
    switch (kind) {
    case 0:
        i = add_node(d, out);
        put(d, "{type: linear, input: %s, out_features: %d, activation: \"%s\"}\n", input, out,
            activation(d));
        break;
    case 1:
        i = add_node(d, width);
        put(d, "{type: linear, input: %s, repeat: n - 1, out_features: %d, activation: tanh}\n",
            input, width);
        break;
    case 2:
        i = add_node(d, width);
        put(d,
            "{type: residual, input: %s, layers: [{type: linear, out_features: n, activation: "
            "\"%s\"}, {type: linear, out_features: %d}]}\n",
            input, activation(d), width);
        break;
    case 3:
        i = add_node(d, out);
        put(d, "{type: mlp, input: \"%s * 0.5\", hidden_features: [n, %d], out_features: %d}\n",
            input, width, out);
        break;
    case 4:
        i = add_node(d, width);
        put(d, "{type: block, input: %s, factor: %d, repeat: {step: [1, n]}, by: step / 4}\n",
            input, 1 + pick(d, 3));
        break;
    case 6: /* a gradient, which later ones may differentiate again */
        i = add_node(d, width);
        put(d, "grad(sin(%s) * tanh(%s), %s)\n", input, input, input);
        break;
    case 7:
        i = add_node(d, width);
        put(d, "{type: block, input: {x: %s, mask: tanh(%s)}, factor: 1, trainable: n == %d}\n",
            input, input, 2 + pick(d, 2));
        break;
    case 5:
        i = add_node(d, width);
        put(d, "{type: dropout, input: %s, p: 0.25}\n", input);
        break;
    case 8: /* a scan with two carries, perhaps reversed or truncated, with layers in its body */
        i = d->node_count;
        put(d,
            "  w%d: {scan: {s: \"stack([%s, tanh(%s), %s * 0.5], 1)\"}, carry: {c: %s, e: 0.0}, "
            "reverse: n == %d, truncate: %d, graph: {l: {type: linear, input: s + c, out_features: "
            "%d, activation: tanh}, m: {type: block, input: l, factor: 1}, c: l + m / 4, "
            "e: e + mean(m)}, collect: {o: c * e}}\n",
            i, input, input, input, input, 2 + pick(d, 2), 1 + pick(d, 4), width);
        add_node(d, width);
        put(d, "mean(w%d, dim=1)\n", i);
        break;
    default:
        i = add_node(d, out);
        put(d, "{type: bilinear, input: {a: %s, b: %s}, out_features: %d}\n", input,
            d->nodes[pick(d, d->node_count - 1)].name, out);
        break;
    }
    d->nodes[i].layer = kind == 0 ? "linear" : kind == 4 ? "block" : NULL;
    d->nodes[i].from = width;
}

/* Uses an earlier layer's parameters again, if some node has the width that the layer takes. */
static bool put_shared(draft *d) {
    const int i = pick(d, d->node_count);
    for (int k = 0; k < d->node_count && d->nodes[i].layer; k++) {
        if (d->nodes[k].width != d->nodes[i].from || strcmp(d->nodes[i].layer, "linear") != 0)
            continue;
        const int width = d->nodes[i].width;
        const char *share = d->nodes[i].name;
        add_node(d, width);
        put(d, "{type: linear, input: %s, share: %s, out_features: %d}\n", d->nodes[k].name, share,
            width);
        return true;
    }
    return false;
}

static void write_model(draft *d, uint64_t seed) {
    *d = (draft){.seed = seed};
    put(d,
        "format: 1\nvars: {n: 3}\n"
        "define:\n"
        "  block:\n"
        "    args: {factor: int, by: {type: float, default: 1}, act: {type: op, default: tanh}}\n"
        "    inputs: {x: [..., width], mask: {shape: [..., width], optional: true}}\n"
        "    params: {gain: {shape: [width], init: ones}}\n"
        "    state: {center: {shape: [width], init: zeros}}\n"
        "    graph:\n"
        "      up: {type: linear, input: x, out_features: factor * width, activation: act}\n"
        "      down: {type: linear, out_features: width}\n"
        "      y: x * gain + down * by - center * if(given(mask), mask, 1)\n"
        "    update: {center: \"0.9 * center + 0.1 * mean(x, dim=0)\"}\n"
        "    outputs: [y]\n"
        "    losses: {energy: mean(y ** 2)}\n"
        "inputs: {v0: [B, 4], v1: [B, 3], v2: [B, n + 1]}\n"
        "targets: {t: [B]}\n"
        "params: {w: {shape: [4, n], init: {type: normal, std: 1 / n}}}\n"
        "graph:\n");
    const int widths[] = {4, 3, 4};
    for (int i = 0; i < 3; i++) {
        snprintf(d->nodes[i].name, sizeof d->nodes[i].name, "v%d", i);
        d->nodes[i].width = widths[i];
    }
    d->node_count = 3;
    const int count = 4 + pick(d, NODES - 4);
    put(d, "  b: {type: block, input: v0 @ w, factor: 1}\n");
    for (int i = 0; i < count; i++) {
        const int at = pick(d, d->node_count), way = pick(d, 5);
        if (way < 2) {
            add_node(d, d->nodes[at].width);
            put_expression(d, at, 0);
            put(d, "\n");
        } else if (way < 4 || !put_shared(d)) {
            put_layer(d, at);
        }
    }
    put(d, "outputs:\n  last: v%d\n  first: mean(b, dim=-1)\n", d->node_count - 1);
    put(d, "loss: square(mean(b) - mean(t)) + 0.1 * layer_losses");
    for (int i = 0; i < d->node_count; i++)
        put(d, " + mean(v%d) / %d", i, i + 2);
    put(d, "\nmetrics:\n  m: l1(mean(v%d, -1), t)\n", d->node_count - 1);
}

/* -------------------------------------------------------------------------------------- ways -- */

static const yg_dim dims[] = {{"B", 5}};
static const yg_network_options f32 = {
    .dims = dims, .dim_count = 1, .training = true, .dtype = YG_F32};
static const yg_network_options f64 = {
    .dims = dims, .dim_count = 1, .training = true, .dtype = YG_F64};
static const yg_network_options plain = {.dims = dims,
                                         .dim_count = 1,
                                         .training = true,
                                         .dtype = YG_F64,
                                         .graph_flags = YG_GRAPH_NO_SIMPLIFY};

static const yg_compile_options one_thread = {.threads = 1};
static const yg_compile_options three_threads = {.threads = 3, .flags = YG_PROGRAM_SMALL_PIECES};
static const yg_compile_options loops = {
    .threads = 1, .without = (const char *const[]){"unroll"}, .without_count = 1};
static const yg_compile_options unplanned = {.threads = 1, .flags = YG_PROGRAM_NO_PLAN};

static void check(uint64_t seed) {
    static draft d;
    yg_error error = {0};
    write_model(&d, seed);
    yg_model *model = model_from_text(d.text, &error);
    cr_assert_not_null(model, "seed %d: %d:%d: %s\n%s", (int)seed, (int)error.line,
                       (int)error.column, error.message, d.text);
    expect_expands(d.text, model, &f32);
    expect_expands(d.text, model, &f64);
    expect_same_program(d.text, model, &f32, &one_thread, &three_threads, 0);
    /* Passes change no bit. Rules, which are not applied without a plan, may change rounding. */
    const char *names[32];
    const yg_op_set *ops = yg_ops();
    cr_assert_leq(ops->rule_count, sizeof names / sizeof *names);
    for (size_t i = 0; i < ops->rule_count; i++)
        names[i] = ops->rules[i]->name;
    const yg_compile_options no_rules = {
        .threads = 1, .without = names, .without_count = ops->rule_count};
    expect_same_program(d.text, model, &f64, &no_rules, &unplanned, 0);
    expect_same_program(d.text, model, &f64, &one_thread, &loops, 0);
    expect_same_program(d.text, model, &f64, &one_thread, &unplanned, 1e-12);
    expect_same_model(d.text, model, &f64, model, &plain, 1e-9);
    expect_same_model(d.text, model, &f64, model, &f32, 2e-3);
    yg_model_free(model);
}

Test(random_models, agree_in_all_ways) {
    for (uint64_t seed = 1; seed <= MODELS; seed++)
        check(seed);
}
