/*
 * yamlgrad's side of `./dev bench scale`: what it costs to start with a model of any size. Each
 * phase is done and timed once, since the first time is what a user waits for.
 *
 *   scale MODEL BATCH OTHER_BATCH
 *
 * Prints one line of JSON: the nodes of the graph with its gradient, the seconds of each phase, and
 * the peak of resident memory. The phase "other batch" is all that a second batch size needs, from
 * the loaded model to the compiled program.
 */
#include "../graph/program.h"
#include "../models/model.h"
#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

typedef struct network {
    yg_network *network;
    yg_node *nodes; /* trainable parameters, then their gradients, then what is computed */
    size_t count;   /* of parameters */
    yg_program *program;
} network;

static double phase_start;

/* Seconds since the last call. */
static double lap(void) {
    const double start = phase_start;
    phase_start = now();
    return phase_start - start;
}

static void network_free(network *network) {
    yg_program_free(network->program);
    yg_network_free(network->network);
    free(network->nodes);
}

static bool build(const yg_model *model, long batch, network *network, yg_error *error) {
    const yg_dim dim = {.name = "B", .size = batch};
    const yg_network_options options = {
        .dims = &dim, .dim_count = 1, .training = true, .dtype = YG_F32};
    network->network = yg_network_build(model, &options, error);
    return network->network != NULL;
}

static bool differentiate(network *network, yg_error *error) {
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(network->network, &count);
    network->nodes = calloc(3 * count + 1, sizeof *network->nodes);
    if (!network->nodes)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        if (parameters[i].trainable)
            network->nodes[network->count++] = parameters[i].node;
    }
    yg_graph *graph = yg_network_graph(network->network);
    return yg_grad(graph, yg_network_loss(network->network), YG_NONE, network->nodes,
                   network->count, network->nodes + network->count) ||
           yg_fail_as(error, yg_graph_error(graph));
}

static bool compile(network *network, const yg_program *beside, yg_error *error) {
    const yg_compile_options options = {.threads = 1, .beside = beside};
    yg_node *outputs = network->nodes + 2 * network->count;
    size_t count = 0;
    outputs[count++] = yg_network_loss(network->network);
    for (size_t i = 0; i < network->count; i++) {
        if (network->nodes[network->count + i] != YG_NONE)
            outputs[count++] = network->nodes[network->count + i];
    }
    network->program =
        yg_compile(yg_network_graph(network->network), outputs, count, NULL, 0, &options, error);
    return network->program != NULL;
}

static bool measure(const char *path, long batch, long other_batch, yg_error *error) {
    network first = {0}, other = {0};
    struct rusage usage;
    double load, expand, derive, plan, run, again;
    bool done = false;

    phase_start = now();
    yg_model *model = yg_model_load(path, NULL, error);
    load = lap();
    if (!model || !build(model, batch, &first, error))
        goto out;
    expand = lap();
    if (!differentiate(&first, error))
        goto out;
    derive = lap();
    if (!compile(&first, NULL, error))
        goto out;
    plan = lap();
    if (!yg_program_run(first.program, 0, 1, error))
        goto out;
    run = lap();
    getrusage(RUSAGE_SELF, &usage);
    lap();
    if (!build(model, other_batch, &other, error) || !differentiate(&other, error) ||
        !compile(&other, first.program, error))
        goto out;
    again = lap();
    printf("{\"nodes\": %zu, \"parameters\": %zu, \"load\": %.6g, \"build\": %.6g, "
           "\"differentiate\": %.6g, \"compile\": %.6g, \"first run\": %.6g, \"bytes\": %.6g, "
           "\"other batch\": %.6g",
           yg_graph_size(yg_network_graph(first.network)), first.count, load, expand, derive, plan,
           run, 1024.0 * (double)usage.ru_maxrss, again);
    done = true;
out:
    lap();
    network_free(&other);
    network_free(&first);
    yg_model_free(model);
    if (done)
        printf(", \"free\": %.6g}\n", lap());
    return done;
}

int main(int argc, char **argv) {
    yg_error error = {0};
    long batch, other_batch;
    if (argc != 4 || !read_count(argv[2], 1, 1 << 20, &batch) ||
        !read_count(argv[3], 1, 1 << 20, &other_batch)) {
        fprintf(stderr, "usage: scale MODEL BATCH OTHER_BATCH\n");
        return 2;
    }
    return measure(argv[1], batch, other_batch, &error) ? EXIT_SUCCESS : report_error(&error);
}
