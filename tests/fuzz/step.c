/*
 * Any bytes as a model file, all the way: loaded, built, differentiated, compiled, and one
 * optimizer step is run. Models that would take long are left at building.
 */
#include "fuzz.h"
#include "require.h"
#include "train/training_step.h"

#include <unistd.h>

/* The most that is run. */
#define NODES_CAP    5000
#define ELEMENTS_CAP 200000

enum { DIMS_CAP = 16 };

/* A size for every symbolic dimension; returns how many there are. */
static size_t small_dims(const yg_model *model, yg_dim *dims) {
    size_t count = 0;
    for (size_t i = 0; i < yg_model_port_count(model); i++) {
        const yg_port *port = yg_model_port(model, i);
        for (int d = 0; d < port->rank && count < DIMS_CAP; d++)
            if (port->symbols[d])
                dims[count++] = (yg_dim){.name = port->symbols[d], .size = 2};
    }
    return count;
}

/* Whether one step of the model is little work. */
static bool is_small(const yg_model *model, const yg_dim *dims, size_t count) {
    yg_error error = {0};
    const yg_network_options options = {.dims = dims, .dim_count = count, .dtype = YG_F32};
    yg_network *network = yg_network_build(model, &options, &error);
    if (!network) {
        require_failure(&error);
        return false;
    }
    const yg_graph *graph = yg_network_graph(network);
    const size_t nodes = yg_graph_size(graph);
    int64_t elements = 0;
    for (yg_node n = 0; n < nodes && elements <= ELEMENTS_CAP; n++)
        if (__builtin_add_overflow(elements, yg_type_count(yg_node_type(graph, n)), &elements))
            elements = INT64_MAX;
    yg_network_free(network);
    return nodes <= NODES_CAP && elements <= ELEMENTS_CAP;
}

static void run_step(const yg_model *model, const yg_dim *dims, size_t count) {
    yg_error error = {0};
    yg_training_step step = {0};
    const yg_training_step_options options = {
        .batch_size = 2, .threads = 1, .dims = dims, .dim_count = count};
    if (!yg_training_step_make(model, &options, &step, &error)) {
        require_failure(&error);
        return;
    }
    require(yg_graph_verify(step.graph, &error), "the graph passes the verifier");
    for (uint64_t i = 1; i <= 2; i++)
        if (!yg_program_run(step.program, step.seed, i, &error))
            require_failure(&error);
    yg_training_step_free(&step);
}

int fuzz_step(const uint8_t *bytes, size_t size) {
    char path[] = "/tmp/yamlgrad-fuzz-XXXXXX";
    fuzz_file(path, bytes, size);
    yg_error error = {0};
    yg_model *model = yg_model_load(path, NULL, &error);
    unlink(path);
    if (!model) {
        require_failure(&error);
        return 0;
    }
    yg_dim dims[DIMS_CAP];
    const size_t count = small_dims(model, dims);
    if (is_small(model, dims, count))
        run_step(model, dims, count);
    yg_model_free(model);
    return 0;
}
