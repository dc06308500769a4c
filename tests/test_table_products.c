/*
 * Products of rows that are looked up in a small table: computed once for each row of the table,
 * with the same values and gradients.
 */
#include "model_text.h"
#include "network_run.h"
#include "same_model.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const yg_dim dims[] = {{"B", 6}, {"T", 4}};

#define HEAD                                                                                       \
    "format: 1\ninputs: {i: {shape: [B, T], dtype: i32}}\n"                                        \
    "params: {table: {shape: [3, 8], init: normal}, w: {shape: [8, 5], init: normal}}\n"           \
    "graph:\n"

static const struct {
    const char *name, *text;
    bool is_smaller; /* the product is made of the table */
} cases[] = {
    {"rows as they are", HEAD "  y: embedding(i, table) @ w\noutputs: [y]\nloss: sum(sin(y))\n",
     true},
    {"a transposed matrix",
     HEAD "  y: matmul(embedding(i, table), transpose(w), transpose_b=true)\n"
          "outputs: [y]\nloss: sum(sin(y))\n",
     true},
    {"moved rows",
     HEAD "  e: transpose(embedding(i, table), 0, 1)\n"
          "  y: reshape(e, [2, -1, 8]) @ w\n"
          "  z: permute(reshape(embedding(i, table), [B, 2, T // 2, 8]), [2, 0, -3, -1]) @ w\n"
          "outputs: [y, z]\nloss: sum(sin(y)) + sum(cos(z))\n",
     true},
    {"rows that are also read elsewhere",
     HEAD "  e: embedding(i, table)\n  y: e @ w\noutputs: [y, e]\nloss: sum(sin(y)) + sum(e * e)\n",
     true},
    {"mixed rows",
     HEAD "  y: transpose(embedding(i, table)) @ (embedding(i, table) @ w)\n"
          "outputs: [y]\nloss: sum(sin(y))\n",
     true},
    {"split rows",
     HEAD "  e: reshape(embedding(i, table), [B, T // 2, 16])\n"
          "  y: e[:, :, 4:12] @ w\n"
          "outputs: [y]\nloss: sum(sin(y))\n",
     false},
    {"few rows are read",
     "format: 1\ninputs: {i: {shape: [B], dtype: i32}}\n"
     "params: {table: {shape: [4, 8], init: normal}, w: {shape: [8, 5], init: normal}}\n"
     "graph:\n  y: embedding(i, table) @ w\noutputs: [y]\nloss: sum(sin(y))\n",
     false},
    {"a shallow product",
     "format: 1\ninputs: {i: {shape: [B, T], dtype: i32}}\n"
     "params: {table: {shape: [3, 4], init: normal}, w: {shape: [4, 5], init: normal}}\n"
     "graph:\n  y: embedding(i, table) @ w\noutputs: [y]\nloss: sum(sin(y))\n",
     false},
};

static bool has_product_of_table(const yg_model *model, const yg_network_options *options) {
    yg_error error = {0};
    yg_network *network = yg_network_build(model, options, &error);
    cr_assert_not_null(network, "%s", error.message);
    const yg_graph *graph = yg_network_graph(network);
    bool found = false;
    for (yg_node node = 0; node < yg_graph_size(graph); node++) {
        if (strcmp(yg_node_op(graph, node)->name, "matmul") != 0)
            continue;
        const yg_node a = yg_node_operand(graph, node, 0);
        found = found || strcmp(yg_node_name(graph, a), "table") == 0;
    }
    yg_network_free(network);
    return found;
}

Test(table_products, are_the_same) {
    const yg_network_options simple = {
        .dims = dims, .dim_count = 2, .training = true, .dtype = YG_F64};
    yg_network_options plain = simple;
    plain.graph_flags = YG_GRAPH_NO_SIMPLIFY;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_error error = {0};
        yg_model *model = model_from_text(cases[i].text, &error);
        cr_assert_not_null(model, "%s: %s", cases[i].name, error.message);
        expect_same_model(cases[i].name, model, &simple, model, &plain, 1e-13);
        cr_expect_eq(has_product_of_table(model, &simple), cases[i].is_smaller, "%s",
                     cases[i].name);
        cr_expect_not(has_product_of_table(model, &plain), "%s", cases[i].name);
        yg_model_free(model);
    }
}
