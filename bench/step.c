/*
 * yamlgrad's side of the workloads that run a model: its gradient, a whole training step, its
 * outputs as in prediction, or a Hessian-vector product, compiled once and run again and again on
 * one synthetic batch.
 *
 *   step MODEL gradient|step|inference|hessian_vector BATCH THREADS [ROUND_SECONDS [WITHOUT]]
 *
 * WITHOUT is a pass or a rule of the compiler to leave out.
 */
#include "../graph/version.h"
#include "../models/model.h"
#include "../ops/build.h"
#include "../train/optimizer.h"
#include "protocol.h"
#include "synthetic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARAMETERS = 512 };

typedef struct job {
    yg_model *model;
    yg_network *network;
    yg_graph *graph; /* the network's */
    size_t count;    /* trainable parameters */
    yg_node parameters[MAX_PARAMETERS];
    yg_node gradients[MAX_PARAMETERS];
    yg_node tangents[MAX_PARAMETERS]; /* of a Hessian-vector product */
    yg_optimizer optimizer;
    yg_optimizer_graph updates;
    yg_update *all_updates; /* the optimizer's, and of a training step the model's own states' */
    size_t update_count;
    size_t output_count;
    yg_node outputs[MAX_PARAMETERS + 1];
    yg_program *program;
    uint64_t step; /* of the run to come, from 1 */
} job;

static bool open_model(const char *path, int64_t batch, bool inference, job *job, yg_error *error) {
    const yg_dim dim = {.name = "B", .size = batch};
    const yg_network_options options = {.dims = &dim,
                                        .dim_count = 1,
                                        .training = !inference,
                                        .outputs_only = inference,
                                        .dtype = YG_F32};
    job->model = yg_model_load(path, NULL, error);
    if (!job->model)
        return false;
    job->network = yg_network_build(job->model, &options, error);
    if (!job->network)
        return false;
    job->graph = yg_network_graph(job->network);

    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(job->network, &count);
    for (size_t i = 0; i < count && job->count < MAX_PARAMETERS; i++) {
        if (parameters[i].trainable)
            job->parameters[job->count++] = parameters[i].node;
    }
    return true;
}

/* ----------------------------------------------------------------------------- the workloads -- */

static bool add_gradient(job *job, yg_error *error) {
    (void)error; /* failures are the graph's */
    job->outputs[job->output_count++] = yg_network_loss(job->network);
    for (size_t i = 0; i < job->count; i++)
        job->outputs[job->output_count++] = job->gradients[i];
    return true;
}

static bool add_outputs(job *job, yg_error *error) {
    size_t count;
    const yg_tensor_name *outputs = yg_network_outputs(job->network, &count);
    if (count > MAX_PARAMETERS)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "%s has too many outputs",
                       yg_model_path(job->model));
    for (size_t i = 0; i < count; i++)
        job->outputs[job->output_count++] = outputs[i].node;
    return true;
}

static bool add_step(job *job, yg_error *error) {
    const yg_value *train = yg_model_section(job->model, "train");
    const yg_value *optimizer = train ? yg_value_get(train, "optimizer") : NULL;
    if (!optimizer)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "%s has no `train: optimizer`",
                       yg_model_path(job->model));
    job->outputs[job->output_count++] = yg_network_loss(job->network);
    return yg_optimizer_read(optimizer, &job->optimizer, error) &&
           yg_optimizer_build(&job->optimizer, job->graph, job->parameters, job->gradients,
                              job->count, &job->updates, error);
}

/* H·v = ∇(∇L · v): reverse over reverse. */
static bool add_hessian_vector(job *job, yg_error *error) {
    (void)error; /* failures are the graph's */
    yg_node along = YG_NONE;
    for (size_t i = 0; i < job->count; i++) {
        const yg_type *type = yg_node_type(job->graph, job->parameters[i]);
        char name[32];
        snprintf(name, sizeof name, "tangent.%zu", i);
        job->tangents[i] = yg_input(job->graph, name, type);
        const yg_node part =
            yg_sum(job->graph, yg_multiply(job->graph, job->gradients[i], job->tangents[i]), NULL,
                   0, false);
        along = i == 0 ? part : yg_add(job->graph, along, part);
    }
    job->output_count = job->count;
    return yg_grad(job->graph, along, YG_NONE, job->parameters, job->count, job->outputs);
}

static const struct workload {
    const char *name;
    bool (*add)(job *job, yg_error *error);
    bool inference;
} workloads[] = {{"gradient", add_gradient, false},
                 {"step", add_step, false},
                 {"inference", add_outputs, true},
                 {"hessian_vector", add_hessian_vector, false}};

static const struct workload *find_workload(const char *name) {
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
        if (strcmp(name, workloads[i].name) == 0)
            return &workloads[i];
    }
    return NULL;
}

/* What a run of the program changes: a training step also the model's states. */
static bool list_updates(const struct workload *workload, job *job, yg_error *error) {
    size_t count = 0;
    const yg_network_update *states =
        workload->add == add_step ? yg_network_updates(job->network, &count) : NULL;
    job->all_updates = calloc(job->updates.update_count + count + 1, sizeof *job->all_updates);
    if (!job->all_updates)
        return yg_fail_memory(error);
    for (size_t i = 0; i < job->updates.update_count; i++)
        job->all_updates[job->update_count++] = job->updates.updates[i];
    for (size_t i = 0; i < count; i++)
        job->all_updates[job->update_count++] = (yg_update){states[i].state, states[i].value};
    return true;
}

/* `without` is the name of a pass or a rule, or NULL. */
static bool compile(const struct workload *workload, int threads, const char *without, job *job,
                    yg_error *error) {
    const yg_compile_options options = {
        .threads = threads, .without = &without, .without_count = without ? 1 : 0};
    if ((!workload->inference && !yg_grad(job->graph, yg_network_loss(job->network), YG_NONE,
                                          job->parameters, job->count, job->gradients)) ||
        !workload->add(job, error)) {
        const yg_error *failure = yg_graph_error(job->graph);
        return failure ? yg_fail_as(error, failure) : false;
    }
    if (!list_updates(workload, job, error))
        return false;
    job->program = yg_compile(job->graph, job->outputs, job->output_count, job->all_updates,
                              job->update_count, &options, error);
    return job->program != NULL;
}

/* -------------------------------------------------------------------------------------- data -- */

/* Uniform in (-spread, spread); what the program does not use is left out of it. */
static void fill(job *job, yg_node node, uint32_t stream, double spread) {
    float *data = yg_program_data(job->program, node);
    const int64_t count = yg_type_count(yg_node_type(job->graph, node));
    if (data)
        fill_uniform(data, count, stream, spread);
}

/* Class numbers of an integer port: those of the target, if it is an input. */
static int64_t class_count(const yg_model *model, const yg_port *port) {
    int64_t classes = port->classes;
    for (size_t i = 0; classes == 0 && i < yg_model_port_count(model); i++)
        classes = yg_model_port(model, i)->classes;
    return classes;
}

/* Inputs in [0, 1), classes, and targets of 0 or 1. */
static bool fill_port(job *job, const yg_port *port, yg_node node, uint32_t stream,
                      yg_error *error) {
    void *data = yg_program_data(job->program, node);
    const int64_t count = yg_type_count(yg_node_type(job->graph, node));
    const double classes = (double)class_count(job->model, port);
    if (!data || (port->dtype != YG_F32 && port->dtype != YG_I32))
        return yg_fail(error, YG_ERROR_ARGUMENT, port->origin,
                       "`%s` is unused, or of a type that "
                       "this benchmark cannot fill",
                       port->name);
    for (int64_t i = 0; i < count; i++) {
        const double u = uniform(stream, i);
        if (port->dtype == YG_I32)
            ((int32_t *)data)[i] = (int32_t)floor(classes * u);
        else
            ((float *)data)[i] = (float)(port->target ? floor(2 * u) : u);
    }
    return true;
}

/* How many inputs an output has that a weight [out, …] computes; of a vector, its elements. */
static double fan_in(const yg_type *type) {
    double fan = type->rank == 1 ? (double)type->shape[0] : 1;
    for (int d = 1; d < type->rank; d++)
        fan *= (double)type->shape[d];
    return fan;
}

/* States, such as running statistics, start as the model says. */
static bool fill_states(job *job, yg_error *error) {
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(job->network, &count);
    for (size_t i = 0; i < count; i++) {
        void *data = parameters[i].state ? yg_program_data(job->program, parameters[i].node) : NULL;
        if (data && !yg_network_initialize(job->network, &parameters[i], 0, data, error))
            return false;
    }
    return true;
}

static bool fill_all(job *job, yg_error *error) {
    size_t inputs, targets;
    const yg_tensor_name *input = yg_network_inputs(job->network, &inputs);
    const yg_tensor_name *target = yg_network_targets(job->network, &targets);
    for (size_t i = 0; i < inputs + targets; i++) {
        const yg_node node = i < inputs ? input[i].node : target[i - inputs].node;
        if (!fill_port(job, yg_model_port(job->model, i), node, STREAM_DATA + (uint32_t)i, error))
            return false;
    }
    for (size_t i = 0; i < job->count; i++) {
        const yg_type *type = yg_node_type(job->graph, job->parameters[i]);
        fill(job, job->parameters[i], STREAM_PARAMETERS + (uint32_t)i, 1 / sqrt(fan_in(type)));
        if (job->tangents[i] != YG_NONE)
            fill(job, job->tangents[i], STREAM_TANGENTS + (uint32_t)i, 1);
    }
    return fill_states(job, error);
}

/* ----------------------------------------------------------------------------------- running -- */

static void set(job *job, yg_node scalar, double value) {
    double *data = scalar == YG_NONE ? NULL : yg_program_data(job->program, scalar);
    if (data)
        *data = value;
}

static bool run_once(void *context, yg_error *error) {
    job *job = context;
    set(job, job->updates.inputs.t, (double)job->step);
    return yg_program_run(job->program, 0, job->step++, error);
}

/* What all subjects must agree on: the outputs, a tensor as the sum of its squares; of a training
 * step the loss after some. The learning rate is 0 from then on, so that values do not drift. */
static bool check(job *job, bool step, double *values, size_t *count, yg_error *error) {
    set(job, job->updates.inputs.lr, job->optimizer.lr);
    for (int i = 0; step && i < CHECKED_STEPS; i++) {
        if (!run_once(job, error))
            return false;
    }
    set(job, job->updates.inputs.lr, 0);
    if (!run_once(job, error))
        return false;

    double squares = 0;
    *count = 0;
    for (size_t i = 0; i < job->output_count; i++) {
        const float *data = yg_program_data(job->program, job->outputs[i]);
        const yg_type *type = yg_node_type(job->graph, job->outputs[i]);
        if (type->rank == 0)
            values[(*count)++] = *data;
        for (int64_t k = 0; type->rank > 0 && k < yg_type_count(type); k++)
            squares += (double)data[k] * (double)data[k];
    }
    if (!step)
        values[(*count)++] = squares;
    return true;
}

int main(int argc, char **argv) {
    job job = {.step = 1};
    yg_error error = {0};
    long batch, threads;
    double values[MAX_PARAMETERS + 2];
    size_t count;
    const struct workload *workload = argc > 2 ? find_workload(argv[2]) : NULL;
    const double round_seconds = argc > 5 ? strtod(argv[5], NULL) : 0.2;
    const char *without = argc > 6 ? argv[6] : NULL;

    if (argc < 5 || argc > 7 || !workload || !read_count(argv[3], 1, 1 << 20, &batch) ||
        !read_count(argv[4], 1, 1024, &threads)) {
        fprintf(stderr, "usage: step MODEL gradient|step|inference|hessian_vector BATCH THREADS "
                        "[ROUND_SECONDS [WITHOUT]]\n");
        return 2;
    }
    for (size_t i = 0; i < MAX_PARAMETERS; i++)
        job.tangents[i] = YG_NONE;
    job.updates.inputs = (yg_optimizer_inputs){YG_NONE, YG_NONE};
    const bool done = open_model(argv[1], batch, workload->inference, &job, &error) &&
                      compile(workload, (int)threads, without, &job, &error) &&
                      fill_all(&job, &error) &&
                      check(&job, workload->add == add_step, values, &count, &error) &&
                      serve(yg_version(), values, count, round_seconds, run_once, &job, &error);
    const int status = done ? EXIT_SUCCESS : report_error(&error);
    yg_program_free(job.program);
    yg_optimizer_graph_free(&job.updates);
    free(job.all_updates);
    yg_network_free(job.network);
    yg_model_free(job.model);
    return status;
}
