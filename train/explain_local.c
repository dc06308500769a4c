/*
 * Local derivatives: how each node changes with each of its operands, by itself. In a graph of
 * their own, every operator stands alone, on inputs that hold the operands' values; its gradient
 * with the cotangents 1, 0, 0, … gives the first row of the matrix of derivatives, and so on.
 */
#include "../graph/result.h"
#include "explain_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ENTRIES = 4096, MOST_ROWS = 256 }; /* of a matrix that is shown */

typedef struct local {
    yg_node cotangent;
    yg_node *operands, *derivatives; /* [edge_count] of the node */
    bool diagonal;
    int64_t rows;
} local;

typedef struct locals {
    yg_explain_work *work;
    yg_graph *graph;
    local *of; /* by index of the explained node */
    size_t output_count;
    yg_node *outputs;
    yg_program *program;
} locals;

static bool is_small(const yg_explain_work *work, yg_node node, bool diagonal) {
    const int64_t rows = yg_type_count(yg_node_type(work->graph, node));
    if (diagonal)
        return true;
    for (size_t k = 0; k < yg_node_operand_count(work->graph, node); k++) {
        const yg_node operand = yg_node_operand(work->graph, node, k);
        const int64_t columns = yg_type_count(yg_node_type(work->graph, operand));
        if (rows > MOST_ROWS || (columns > 0 && rows > MOST_ENTRIES / columns))
            return false;
    }
    return true;
}

static bool add_node(locals *l, size_t index) {
    const yg_explain_work *work = l->work;
    const yg_node node = work->node_of[index];
    const yg_op *op = yg_node_op(work->graph, node);
    const size_t count = yg_node_operand_count(work->graph, node);
    local *of = &l->of[index];
    yg_node first, results[64];
    char name[40];
    of->diagonal = (op->flags & YG_OP_ELEMENTWISE) != 0;
    of->rows = yg_type_count(yg_node_type(work->graph, node));
    if (!yg_explain_is_function(work, node) ||
        yg_node_result_index(work->graph, node, &first) > 0 || op->results > 64 ||
        !yg_dtype_is_float(yg_node_type(work->graph, node)->dtype) ||
        !is_small(work, node, of->diagonal))
        return true;
    of->operands = yg_pool_take(work->pool, (count + 1) * sizeof *of->operands);
    of->derivatives = yg_pool_take(work->pool, (count + 1) * sizeof *of->derivatives);
    if (!of->operands || !of->derivatives)
        return yg_fail_memory(work->error);
    for (size_t k = 0; k < count; k++) {
        snprintf(name, sizeof name, "%zu.%zu", index, k);
        of->operands[k] = yg_input(
            l->graph, name, yg_node_type(work->graph, yg_node_operand(work->graph, node, k)));
    }
    snprintf(name, sizeof name, "%zu", index);
    of->cotangent = yg_input(l->graph, name, yg_node_type(work->graph, node));
    if (!yg_apply_all(l->graph, op, of->operands, count, yg_node_attrs(work->graph, node), results,
                      64) ||
        !yg_grad(l->graph, results[0], of->cotangent, of->operands, count, of->derivatives))
        return yg_fail_as(work->error, yg_graph_error(l->graph));
    for (size_t k = 0; k < count; k++)
        if (of->derivatives[k] != YG_NONE)
            l->outputs[l->output_count++] = of->derivatives[k];
    return true;
}

static bool build(locals *l) {
    yg_explain_work *work = l->work;
    size_t edges = 0;
    for (size_t i = 0; i < work->count; i++)
        edges += work->nodes[i].edge_count;
    l->graph = yg_graph_new(yg_graph_ops(work->graph), YG_GRAPH_NO_SIMPLIFY);
    l->of = yg_pool_take(work->pool, (work->count + 1) * sizeof *l->of);
    l->outputs = yg_pool_take(work->pool, (edges + 1) * sizeof *l->outputs);
    if (!l->graph || !l->of || !l->outputs)
        return yg_fail_memory(work->error);
    for (size_t i = 0; i < work->count; i++)
        if (!add_node(l, i))
            return false;
    if (l->output_count == 0)
        return true;
    const yg_compile_options options = {.threads = 1, .flags = YG_PROGRAM_NO_PLAN};
    l->program = yg_compile(l->graph, l->outputs, l->output_count, NULL, 0, &options, work->error);
    return l->program != NULL;
}

/* Copies the operands' values, and makes room for the matrices. Returns the rows of the longest, or
 * -1 when out of memory. */
static int64_t fill(locals *l) {
    yg_explain_work *work = l->work;
    int64_t most = 1;
    for (size_t i = 0; i < work->count; i++) {
        local *of = &l->of[i];
        yg_explained_edge *edges = (yg_explained_edge *)work->nodes[i].edges;
        for (size_t k = 0; of->operands && k < work->nodes[i].edge_count; k++) {
            const yg_node operand = yg_node_operand(work->graph, work->node_of[i], k);
            const yg_type *type = yg_node_type(work->graph, operand);
            void *data = yg_program_data(l->program, of->operands[k]);
            if (data)
                memcpy(data, yg_explain_value(work, operand), (size_t)yg_type_bytes(type));
            if (of->derivatives[k] == YG_NONE)
                continue;
            edges[k].diagonal = of->diagonal;
            edges[k].rows = of->rows;
            edges[k].columns = yg_type_count(type);
            const int64_t entries = of->diagonal ? of->rows : of->rows * edges[k].columns;
            edges[k].local = yg_pool_take(work->pool, (size_t)entries * sizeof(double) + 1);
            if (!edges[k].local)
                return -1;
            if (!of->diagonal && of->rows > most)
                most = of->rows;
        }
    }
    return most;
}

/* Sets all cotangents for row `row`; those of diagonal ones stay 1. */
static void set_cotangents(const locals *l, int64_t row) {
    for (size_t i = 0; i < l->work->count; i++) {
        const local *of = &l->of[i];
        double *data = of->operands ? yg_program_data(l->program, of->cotangent) : NULL;
        for (int64_t e = 0; data && e < of->rows; e++)
            data[e] = of->diagonal || e == row;
    }
}

static void take_row(const locals *l, int64_t row) {
    for (size_t i = 0; i < l->work->count; i++) {
        const local *of = &l->of[i];
        const yg_explained_edge *edges = l->work->nodes[i].edges;
        if (!of->operands || row >= (of->diagonal ? 1 : of->rows))
            continue;
        for (size_t k = 0; k < l->work->nodes[i].edge_count; k++) {
            const double *data =
                edges[k].local ? yg_program_data(l->program, of->derivatives[k]) : NULL;
            if (data)
                memcpy((double *)edges[k].local + row * edges[k].columns, data,
                       (size_t)edges[k].columns * sizeof *data);
        }
    }
}

static bool run(locals *l) {
    const int64_t rows = l->program ? fill(l) : 0;
    if (rows < 0)
        return yg_fail_memory(l->work->error);
    for (int64_t row = 0; row < rows; row++) {
        set_cotangents(l, row);
        if (!yg_program_run(l->program, 0, 0, l->work->error))
            return false;
        take_row(l, row);
    }
    return true;
}

bool yg_explain_locals(yg_explain_work *work) {
    locals l = {.work = work};
    const bool good = build(&l) && run(&l);
    yg_program_free(l.program);
    yg_graph_free(l.graph);
    return good;
}
