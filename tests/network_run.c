/*
 * See network_run.h.
 */
#include "network_run.h"

#include "graph/random.h"

#include <stdlib.h>
#include <string.h>

static bool compile(network_run *run, const yg_compile_options *options, yg_error *error) {
    yg_graph *graph = yg_network_graph(run->network);
    const yg_node loss = yg_network_loss(run->network);
    size_t parameter_count, output_count, update_count, count = 0;
    const yg_network_parameter *parameters = yg_network_parameters(run->network, &parameter_count);
    const yg_tensor_name *outputs = yg_network_outputs(run->network, &output_count);
    const yg_network_update *updates = yg_network_updates(run->network, &update_count);
    yg_node *wrt = malloc((parameter_count + 1) * sizeof *wrt);
    yg_node *wanted = malloc((parameter_count + output_count + update_count + 1) * sizeof *wanted);
    run->gradients = malloc((parameter_count + 1) * sizeof *run->gradients);
    bool fine = wrt != NULL && wanted != NULL && run->gradients != NULL;
    for (size_t i = 0; fine && i < parameter_count; i++) {
        wrt[i] = parameters[i].node;
        run->gradients[i] = YG_NONE;
    }
    if (fine && loss != YG_NONE) {
        fine = yg_grad(graph, loss, YG_NONE, wrt, parameter_count, run->gradients) ||
               yg_fail_as(error, yg_graph_error(graph));
        wanted[count++] = loss;
    }
    for (size_t i = 0; fine && i < output_count; i++)
        wanted[count++] = outputs[i].node;
    for (size_t i = 0; fine && i < parameter_count; i++)
        if (run->gradients[i] != YG_NONE)
            wanted[count++] = run->gradients[i];
    for (size_t i = 0; fine && i < update_count; i++)
        wanted[count++] = updates[i].value;
    if (fine)
        run->program = yg_compile(graph, wanted, count, NULL, 0, options, error);
    free(wrt);
    free(wanted);
    return run->program != NULL;
}

bool network_run_open(network_run *run, const yg_model *model, const yg_network_options *options,
                      yg_error *error) {
    return network_run_compile(run, model, options, NULL, error);
}

bool network_run_compile(network_run *run, const yg_model *model, const yg_network_options *options,
                         const yg_compile_options *compiling, yg_error *error) {
    *run = (network_run){0};
    run->network = yg_network_build(model, options, error);
    return run->network != NULL && compile(run, compiling, error);
}

void network_run_close(network_run *run) {
    yg_program_free(run->program);
    yg_network_free(run->network);
    free(run->gradients);
    *run = (network_run){0};
}

bool network_run_initialize(network_run *run, uint64_t seed, yg_error *error) {
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(run->network, &count);
    for (size_t i = 0; i < count; i++) {
        void *data = yg_program_data(run->program, parameters[i].node);
        if (data != NULL && !yg_network_initialize(run->network, &parameters[i], seed, data, error))
            return false;
    }
    return true;
}

static yg_node find_leaf(const network_run *run, const char *name) {
    size_t count;
    const yg_tensor_name *ports = yg_network_inputs(run->network, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(ports[i].name, name) == 0)
            return ports[i].node;
    ports = yg_network_targets(run->network, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(ports[i].name, name) == 0)
            return ports[i].node;
    const yg_network_parameter *parameters = yg_network_parameters(run->network, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(parameters[i].name, name) == 0)
            return parameters[i].node;
    return YG_NONE;
}

static const yg_type *type_of(const network_run *run, yg_node node) {
    return yg_node_type(yg_network_graph(run->network), node);
}

bool network_run_set(network_run *run, const char *name, const double *values) {
    const yg_node node = find_leaf(run, name);
    void *data = node == YG_NONE ? NULL : yg_program_data(run->program, node);
    if (data == NULL)
        return false;
    const yg_type *type = type_of(run, node);
    for (int64_t i = 0; i < yg_type_count(type); i++)
        yg_element_set(type->dtype, data, i, values[i]);
    return true;
}

static void draw(network_run *run, const yg_tensor_name *port, uint64_t seed) {
    void *data = yg_program_data(run->program, port->node);
    const yg_type *type = type_of(run, port->node);
    const int least = strcmp(port->name, "length") == 0; /* no sequence has the length 0 */
    for (int64_t i = 0; data != NULL && i < yg_type_count(type); i++) {
        const double value = yg_random_uniform(seed, yg_random_key(port->name), (uint64_t)i);
        yg_element_set(type->dtype, data, i,
                       yg_dtype_is_float(type->dtype) ? value : least + (value < 0.5 ? 0 : 1));
    }
}

void network_run_draw(network_run *run, uint64_t seed) {
    size_t count;
    const yg_tensor_name *ports = yg_network_inputs(run->network, &count);
    for (size_t i = 0; i < count; i++)
        draw(run, &ports[i], seed);
    ports = yg_network_targets(run->network, &count);
    for (size_t i = 0; i < count; i++)
        draw(run, &ports[i], seed);
}

static double *read_node(const network_run *run, const yg_type *type, yg_node node, size_t *count) {
    const void *data = node == YG_NONE ? NULL : yg_program_data(run->program, node);
    *count = (size_t)yg_type_count(type);
    double *values = calloc(*count + 1, sizeof *values);
    for (size_t i = 0; values != NULL && data != NULL && i < *count; i++)
        values[i] = yg_element_get(type->dtype, data, (int64_t)i);
    return values;
}

/* What a state becomes. */
static double *read_update(const network_run *run, yg_node state, size_t *count) {
    size_t updates;
    const yg_network_update *update = yg_network_updates(run->network, &updates);
    for (size_t i = 0; i < updates; i++)
        if (update[i].state == state)
            return read_node(run, type_of(run, state), update[i].value, count);
    return NULL;
}

double *network_run_get(const network_run *run, const char *name, size_t *count) {
    static const char prefix[] = "gradient ", update[] = "update ";
    size_t names;
    if (strncmp(name, update, sizeof update - 1) == 0)
        return read_update(run, find_leaf(run, name + sizeof update - 1), count);
    if (strncmp(name, prefix, sizeof prefix - 1) == 0) {
        const yg_network_parameter *parameters = yg_network_parameters(run->network, &names);
        for (size_t i = 0; i < names; i++)
            if (strcmp(parameters[i].name, name + sizeof prefix - 1) == 0)
                return read_node(run, type_of(run, parameters[i].node), run->gradients[i], count);
        return NULL;
    }
    const yg_node loss = yg_network_loss(run->network);
    if (strcmp(name, "loss") == 0 && loss != YG_NONE)
        return read_node(run, type_of(run, loss), loss, count);
    const yg_tensor_name *outputs = yg_network_outputs(run->network, &names);
    for (size_t i = 0; i < names; i++)
        if (strcmp(outputs[i].name, name) == 0)
            return read_node(run, type_of(run, outputs[i].node), outputs[i].node, count);
    return NULL;
}
