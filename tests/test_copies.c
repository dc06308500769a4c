/*
 * Copies of a `repeat:` that are not expanded one by one: the graph, the lists and the expanded
 * text are those of a model in which every copy is. A name with a dot in a model makes all copies
 * be expanded, so each model is loaded twice: with "e_e" for %, and with "e.e".
 */
#include "graph/copies.h"
#include "graph/numbered.h"
#include "model_text.h"
#include "models/loader/builder.h"
#include "models/loader/syntax.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "format: 1\ninputs: {x: [B, 4]}\ntargets: {y: [B, 4]}\n"
#define LOSS "outputs: [h]\nloss: mse(h, y)\n"

static const struct {
    const char *name, *text;
    bool skips; /* copies are skipped */
} cases[] = {
    {"dense layers",
     HEAD "graph:\n  %: x * 2\n  h: {type: linear, input: %, repeat: 40, out_features: 4, "
          "activation: tanh}\n" LOSS,
     true},
    {"weights of a copy are used",
     HEAD "graph:\n  %: x * 2\n  g: {type: linear, input: %, repeat: 40, out_features: 4}\n"
          "  h: g @ g.20.weight + g.39.bias + g.1.bias\n" LOSS,
     true},
    {"a node is the layer of many copies",
     HEAD "graph:\n  %: x * 2\n  a: {type: linear, input: %, repeat: 30, out_features: 4}\n"
          "  b: {type: linear, share: a, repeat: 28, out_features: 4, activation: relu}\n"
          "  c: {type: linear, share: a.15, repeat: 50, out_features: 4, activation: sigmoid}\n"
          "  h: {type: linear, share: c, repeat: 30, out_features: 4}\n" LOSS,
     true},
    {"layers in layers, with dropout and a second input",
     HEAD "define:\n  part:\n    inputs: {x: [B, n], s: [B, m]}\n    graph:\n"
          "      u: {type: linear, input: x, out_features: 4, activation: gelu}\n"
          "      d: {type: dropout, p: 0.25, input: u}\n"
          "      v: {type: layer_norm, input: d + s, normalized_shape: [4]}\n"
          "    outputs: [v]\n"
          "graph:\n  %: x * 2\n  h: {type: part, input: {x: %, s: x}, repeat: 30}\n" LOSS,
     true},
    {"copies within copies",
     HEAD "define:\n  part:\n    inputs: {x: [B, n]}\n    graph:\n"
          "      u: {type: linear, input: x, repeat: 26, out_features: 4, activation: tanh}\n"
          "    outputs: [u]\n"
          "graph:\n  %: x * 2\n  h: {type: part, input: %, repeat: 3}\n" LOSS,
     true},
    {"the first copies have another input",
     HEAD "graph:\n  %: concat([x, x], dim=1)\n"
          "  h: {type: linear, input: %, repeat: 40, out_features: 4}\n" LOSS,
     true},
    {"a parameter that is not trained",
     HEAD "trainable: {\"h.2*.bias\": false}\n"
          "graph:\n  %: x * 2\n  h: {type: linear, input: %, repeat: 40, out_features: 4}\n" LOSS,
     true},
    {"copies that need a target",
     HEAD "define:\n  part:\n    inputs: {x: [B, n], t: [B, n]}\n    graph:\n      u: tanh(x - t)\n"
          "    outputs: [u]\n"
          "graph:\n  %: x * 2\n  h: tanh(%)\n  g: {type: part, input: {x: %, t: y}, repeat: 40}\n"
          "outputs: [h]\nloss: mse(g, y)\n",
     true},
    {"copies that nothing reads",
     HEAD "define:\n  part:\n    inputs: {x: [B, n]}\n    graph:\n      u: tanh(x)\n"
          "      v: {type: linear, input: x, repeat: 40, out_features: 4}\n    outputs: [u, v]\n"
          "graph:\n  %: x * 2\n  h: {type: part, input: %}\n" LOSS,
     true},
    {"nodes that merge over copies: two negations",
     HEAD "define:\n  part:\n    inputs: {x: [B, n]}\n    graph:\n      u: -x\n    outputs: [u]\n"
          "graph:\n  %: x * 2\n  h: {type: part, input: %, repeat: 41}\n" LOSS,
     true},
    {"nodes that are simplified over copies: permutations",
     HEAD "define:\n  part:\n    inputs: {x: [B, n]}\n    graph:\n"
          "      u: transpose(x, 0, 1)\n      v: transpose(tanh(u), 0, 1)\n    outputs: [v]\n"
          "graph:\n  %: x * 2\n  h: {type: part, input: %, repeat: 40}\n" LOSS,
     true},
    {"a result that is the input",
     HEAD "define:\n  part:\n    inputs: {x: [B, n]}\n    graph: {}\n    outputs: {z: x}\n"
          "graph:\n  %: x * 2\n  h: {type: part, input: %, repeat: 40}\n" LOSS,
     false},
    {"states", HEAD "graph:\n  %: x * 2\n  h: {type: batch_norm, input: %, repeat: 30}\n" LOSS,
     false},
    {"terms of the loss",
     HEAD "define:\n  part:\n    inputs: {x: [B, n]}\n    graph:\n      u: tanh(x)\n"
          "    outputs: [u]\n    losses: {big: mean(u * u)}\n"
          "graph:\n  %: x * 2\n  h: {type: part, input: %, repeat: 30}\n"
          "outputs: [h]\nloss: mse(h, y) + layer_losses\n",
     false},
    {"copies that differ",
     HEAD "graph:\n  %: x * 2\n"
          "  h: {type: linear, input: %, repeat: {i: 30}, out_features: 4 + 0 "
          "* i}\n" LOSS,
     false},
    {"a recurrence in each copy",
     HEAD
     "define:\n  part:\n    inputs: {x: [B, n]}\n    graph:\n"
     "      s: {scan: {v: x}, dim: 0, carry: {c: '0 * x[0]'}, graph: {c: tanh(c + v)}, collect: "
     "[c]}\n"
     "    outputs: [s]\n"
     "graph:\n  %: x * 2\n  h: {type: part, input: %, repeat: 26}\n" LOSS,
     false},
    {"widths that grow",
     HEAD "define:\n  part:\n    inputs: {x: [B, n]}\n    graph:\n"
          "      u: concat([x, x[:, 0:1]], dim=1)\n    outputs: [u]\n"
          "graph:\n  %: x * 2\n  g: {type: part, input: %, repeat: 30}\n  h: g[:, 0:4]\n" LOSS,
     false},
};

/* The text with another name for each %. */
static yg_model *load(const char *name, const char *text, const char *other) {
    char whole[4000];
    size_t used = 0;
    for (const char *c = text; *c != '\0'; c++) {
        const int size = snprintf(whole + used, sizeof whole - used, *c == '%' ? "%s" : "%.1s",
                                  *c == '%' ? other : c);
        used += (size_t)size;
    }
    yg_error error = {0};
    yg_model *model = model_from_text(whole, &error);
    cr_assert_not_null(model, "%s: %d:%d: %s\n%s", name, (int)error.line, (int)error.column,
                       error.message, whole);
    return model;
}

/* Makes the one name of both. */
static char *same_name(char *text) {
    for (char *at = strstr(text, "e.e"); at; at = strstr(at, "e.e"))
        at[1] = '_';
    return text;
}

static void expect_same_lists(const char *name, const yg_network *a, const yg_network *b) {
    size_t count, other;
    const yg_network_layer *layers = yg_network_layers(a, &count);
    const yg_network_layer *others = yg_network_layers(b, &other);
    cr_assert_eq(count, other, "%s: %zu and %zu layers", name, count, other);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(layers[i].name, "e_e", 3) == 0)
            continue;
        cr_expect_str_eq(layers[i].name, others[i].name, "%s", name);
        cr_expect_str_eq(layers[i].type, others[i].type, "%s: %s", name, layers[i].name);
        cr_expect_eq(layers[i].output, others[i].output, "%s: %s", name, layers[i].name);
        cr_expect_eq(layers[i].parameters, others[i].parameters, "%s: %s", name, layers[i].name);
        cr_expect_eq(layers[i].depth, others[i].depth, "%s: %s", name, layers[i].name);
    }
    const yg_network_parameter *params = yg_network_parameters(a, &count);
    const yg_network_parameter *other_params = yg_network_parameters(b, &other);
    cr_assert_eq(count, other, "%s: %zu and %zu parameters", name, count, other);
    for (size_t i = 0; i < count; i++) {
        cr_expect_str_eq(params[i].name, other_params[i].name, "%s", name);
        cr_expect_eq(params[i].node, other_params[i].node, "%s: %s", name, params[i].name);
        cr_expect_eq(params[i].trainable, other_params[i].trainable, "%s: %s", name,
                     params[i].name);
        cr_expect_eq(params[i].origin.line, other_params[i].origin.line, "%s", name);
    }
}

static void expect_same_networks(const char *name, const yg_model *a, const yg_model *b,
                                 const yg_network_options *options) {
    yg_error error = {0};
    yg_network *one = yg_network_build(a, options, &error);
    yg_network *two = yg_network_build(b, options, &error);
    cr_assert(one && two, "%s: %s", name, error.message);
    cr_expect(yg_graph_verify(yg_network_graph(one), &error), "%s: %s", name, error.message);
    expect_same_lists(name, one, two);
    char *text = yg_graph_text(yg_network_graph(one), NULL, 0);
    char *other = same_name(yg_graph_text(yg_network_graph(two), NULL, 0));
    cr_expect_str_eq(text, other, "%s", name);
    free(text);
    free(other);
    yg_network_free(one);
    yg_network_free(two);
}

Test(copies, are_those_that_are_expanded_one_by_one) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = cases[i].name;
        yg_error error = {0};
        yg_model *a = load(name, cases[i].text, "e_e"), *b = load(name, cases[i].text, "e.e");
        cr_expect_eq(a->flat->copies_count > 0, cases[i].skips, "%s", name);
        cr_expect_eq(b->flat->copies_count, 0, "%s", name);
        cr_expect_eq(a->flat->elements, b->flat->elements, "%s", name);
        for (int kind = 0; kind < 6; kind++) {
            const yg_dim dims[] = {{"B", kind == 5 ? 1 : 4 + kind}};
            expect_same_networks(
                name, a, b,
                &(yg_network_options){.dims = dims,
                                      .dim_count = 1,
                                      .training = kind % 2 == 0,
                                      .outputs_only = kind == 3,
                                      .dtype = kind == 2 ? YG_F64 : YG_F32,
                                      .graph_flags = kind == 4 ? YG_GRAPH_NO_SIMPLIFY : 0});
        }
        char *text = yg_model_expand(a, &error);
        char *other = yg_model_expand(b, &error);
        cr_assert(text && other, "%s: %s", name, error.message);
        cr_expect_str_eq(text, same_name(other), "%s", name);
        free(text);
        free(other);
        yg_model_free(a);
        yg_model_free(b);
    }
}

/* Mistakes are those of a model whose copies are all expanded. */
Test(copies, count_as_statements_and_as_parameters) {
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {HEAD
         "define:\n  leaf:\n    inputs: {x: [B, n]}\n    graph: {u: tanh(x)}\n    outputs: [u]\n"
         "  part:\n    inputs: {x: [B, n]}\n"
         "    graph: {u: {type: leaf, input: x, repeat: 100000}}\n    outputs: [u]\n"
         "graph:\n  h: {type: part, input: x, repeat: 100}\n" LOSS,
         "the model has more than 1000000 nodes with all its layers"},
        {HEAD "graph:\n  h: {type: linear, input: x, repeat: 40, out_features: 4}\n" LOSS
              "expect: {parameters: 799}\n",
         "800"},
        {HEAD "graph:\n  h: {type: linear, input: x, repeat: 40, out_features: 4}\n" LOSS
              "expect: {shapes: {h.20.weight: [4, 5]}}\n",
         "'h.20.weight' has the shape [4, 4], expected is [4, 5]"},
        {HEAD "graph:\n  g: {type: linear, input: x, repeat: 40, out_features: 4}\n"
              "  h: x @ g.40.weight\n" LOSS,
         "unknown name 'g.40.weight'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        yg_error error = {0};
        yg_model *model = model_from_text(wrong[i].text, &error);
        cr_expect_null(model, "%zu", i);
        yg_model_free(model);
        cr_expect_not_null(strstr(error.message, wrong[i].message), "%zu: %s", i, error.message);
    }
}

Test(copies, have_numbered_names) {
    static const struct {
        const char *before, *text, *later; /* three copies on; NULL: no names of copies */
    } names[] = {
        {"h.7.y", "h.8.y", "h.11.y"},
        {"h.9.y", "h.10.y", "h.13.y"},
        {"h.99", "h.100", "h.103"},
        {"x", "x", "x"},
        {"", "", ""},
        {"h.1.y", "h.3.y", NULL},
        {"h.1.y", "h.2.z", NULL},
        {"h.1.1", "h.2.2", NULL},
        {"a", "b", NULL},
        {"h.y", "h.1.y", NULL},
        {"h.19.b", "h.20.b", "h.23.b"},
        {"h.2.y", "h.1.y", NULL},
    };
    yg_pool *pool = yg_pool_new();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        yg_numbered name;
        const bool found = yg_numbered_find(names[i].before, names[i].text, &name);
        cr_expect_eq(found, names[i].later != NULL, "%s, %s", names[i].before, names[i].text);
        if (found && names[i].later)
            cr_expect_str_eq(yg_numbered_text(&name, 3, pool), names[i].later);
    }
    yg_pool_free(pool);
}
