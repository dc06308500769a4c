/*
 * A training step of a table that is looked up: the rows of a batch, their sum with given factors,
 * its gradient, and the optimizer's update.
 *
 *   lookups ROWS WIDTH BATCH OPTIMIZER
 *
 * OPTIMIZER is what `optimizer` says in a model file. Each step has a batch of other rows. For each
 * line of standard input STEPS steps are taken, on one thread, and the mean of their seconds is
 * printed: so another program can take its turn between them (bench/lookups.py).
 */
#include "../ops/build.h"
#include "../ops/ops.h"
#include "../ops/registry.h"
#include "../train/optimizer.h"
#include "protocol.h"
#include "synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 20 };

typedef struct bench {
    int64_t rows, width, batch;
    yg_graph *graph;
    yg_node table, index, factor, loss;
    yg_optimizer_graph updates;
    yg_program *program;
    uint32_t step;
} bench;

static bool build(bench *b, const char *text, yg_document **document, yg_error *error) {
    const yg_type index = {YG_I32, 1, {b->batch}}, table = {YG_F32, 2, {b->rows, b->width}};
    const yg_type looked_up = {YG_F32, 2, {b->batch, b->width}};
    yg_optimizer optimizer;
    *document = yg_document_parse(text, strlen(text), "optimizer", error);
    if (!*document || !yg_optimizer_read(yg_document_root(*document), &optimizer, error))
        return false;
    b->graph = yg_graph_new(yg_ops(), 0);
    b->table = yg_parameter(b->graph, "table", &table);
    b->index = yg_input(b->graph, "index", &index);
    b->factor = yg_input(b->graph, "factor", &looked_up);
    const yg_node operands[] = {b->index, b->table};
    const yg_node found = yg_apply(b->graph, &yg_op_embedding, operands, 2, NULL);
    b->loss = yg_sum(b->graph, yg_multiply(b->graph, found, b->factor), NULL, 0, false);
    yg_node gradient;
    if (!yg_grad(b->graph, b->loss, YG_NONE, &b->table, 1, &gradient) ||
        !yg_optimizer_build(&optimizer, b->graph, &b->table, &gradient, 1, &b->updates, error))
        return false;
    b->program = yg_compile(b->graph, &b->loss, 1, b->updates.updates, b->updates.update_count,
                            &(yg_compile_options){.threads = 1}, error);
    return b->program != NULL;
}

static void set_scalar(const bench *b, yg_node node, double value) {
    if (node != YG_NONE)
        *(double *)yg_program_data(b->program, node) = value;
}

static bool take_step(bench *b, double *seconds, yg_error *error) {
    int32_t *index = yg_program_data(b->program, b->index);
    b->step++;
    for (int64_t i = 0; i < b->batch; i++)
        index[i] = (int32_t)(uniform(b->step, i) * (double)b->rows);
    set_scalar(b, b->updates.inputs.lr, 1e-3);
    set_scalar(b, b->updates.inputs.t, b->step);
    const double begin = now();
    if (!yg_program_run(b->program, 0, b->step, error))
        return false;
    *seconds += now() - begin;
    return true;
}

/* Pages that nothing has written to are made when they are first met. That is no part of a step. */
static void touch_states(const bench *b) {
    for (size_t i = 0; i < b->updates.state_count; i++) {
        const yg_node state = b->updates.states[i].node;
        memset(yg_program_data(b->program, state), 0,
               (size_t)yg_type_bytes(yg_node_type(b->graph, state)));
    }
}

static bool answer(bench *b, yg_error *error) {
    char line[16];
    touch_states(b);
    fill_uniform(yg_program_data(b->program, b->table), b->rows * b->width, 0, 1);
    fill_uniform(yg_program_data(b->program, b->factor), b->batch * b->width, 1, 1);
    while (fgets(line, sizeof line, stdin)) {
        double seconds = 0;
        for (int i = 0; i < STEPS; i++) {
            if (!take_step(b, &seconds, error))
                return false;
        }
        printf("%.9f\n", seconds / STEPS);
        fflush(stdout);
    }
    return true;
}

int main(int argc, char **argv) {
    bench b = {0};
    yg_error error = {0};
    yg_document *document = NULL;
    long sizes[3];
    bool good = argc == 5;
    for (int i = 0; i < 3 && good; i++)
        good = read_count(argv[1 + i], 1, 1L << 24, &sizes[i]);
    if (!good) {
        fprintf(stderr, "usage: lookups ROWS WIDTH BATCH OPTIMIZER\n");
        return EXIT_FAILURE;
    }
    b.rows = sizes[0];
    b.width = sizes[1];
    b.batch = sizes[2];
    good = build(&b, argv[4], &document, &error) && answer(&b, &error);
    if (!good)
        fprintf(stderr, "lookups: %s\n", error.message);
    yg_program_free(b.program);
    yg_optimizer_graph_free(&b.updates);
    yg_graph_free(b.graph);
    yg_document_free(document);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
