/*
 * yamlgrad's side of the workload that builds a graph: a chain of operators, y = w tanh(y) again
 * and again, its first and second derivative, compiled. Nothing is run: fixed costs are measured.
 *
 *   chain OPERATORS [ROUND_SECONDS]
 */
#include "../graph/program.h"
#include "../graph/version.h"
#include "../ops/build.h"
#include "../ops/ops.h"
#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>

static bool build(void *context, yg_error *error) {
    const long operators = *(const long *)context;
    const yg_compile_options options = {.threads = 1};
    const yg_type scalar = yg_type_scalar(YG_F32);
    yg_node first, second;
    yg_program *program = NULL;

    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    if (!graph)
        return yg_fail_memory(error);
    const yg_node x = yg_input(graph, "x", &scalar);
    const yg_node w = yg_input(graph, "w", &scalar);
    yg_node y = x;
    for (long i = 0; i < operators / 2; i++)
        y = yg_multiply(graph, yg_tanh(graph, y), w);
    if (yg_grad(graph, y, YG_NONE, &x, 1, &first) && yg_grad(graph, first, YG_NONE, &x, 1, &second))
        program = yg_compile(graph, &second, 1, NULL, 0, &options, error);
    else
        yg_fail_as(error, yg_graph_error(graph));
    const bool done = program != NULL;
    yg_program_free(program);
    yg_graph_free(graph);
    return done;
}

int main(int argc, char **argv) {
    yg_error error = {0};
    long operators;
    if (argc < 2 || argc > 3 || !read_count(argv[1], 2, 1 << 24, &operators)) {
        fprintf(stderr, "usage: chain OPERATORS [ROUND_SECONDS]\n");
        return 2;
    }
    const double round_seconds = argc > 2 ? strtod(argv[2], NULL) : 0.2;
    const bool done = serve(yg_version(), NULL, 0, round_seconds, build, &operators, &error);
    return done ? EXIT_SUCCESS : report_error(&error);
}
