/*
 * yamlgrad's side of the workloads that ask a predictor for one example at a time, as a service
 * does: a tensor, or a row of a table whose columns are standardised.
 *
 *   predictor MODEL tensor|row [ROUND_SECONDS]
 */
#include "../train/predictor.h"

#include "../graph/version.h"
#include "protocol.h"
#include "synthetic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 /* elements of the input and of the output */ };
static const double MEAN = 0.5, DEVIATION = 0.25; /* bench/peers/onnxruntime_peer.py has them too */

typedef struct job {
    yg_model *model;
    yg_tensor_file weights;
    yg_predictor *predictor;
    bool row;
    float input[MOST], output[MOST];
    yg_cell cells[MOST];
} job;

static double spread(const yg_type *type) {
    double fan = 1;
    for (int d = type->rank > 1; d < type->rank; d++)
        fan *= (double)type->shape[d];
    return 1 / sqrt(fan);
}

/* The parameters that every subject has. */
static bool add_parameters(job *job, yg_error *error) {
    const yg_dim dim = {.name = "B", .size = 1};
    const yg_network_options options = {
        .dims = &dim, .dim_count = 1, .outputs_only = true, .dtype = YG_F32};
    yg_network *network = yg_network_build(job->model, &options, error);
    size_t count = 0;
    const yg_network_parameter *parameters =
        network ? yg_network_parameters(network, &count) : NULL;
    bool good = network != NULL;
    for (size_t i = 0; good && i < count; i++) {
        const yg_type *type = yg_node_type(yg_network_graph(network), parameters[i].node);
        good = yg_tensor_file_add(&job->weights, parameters[i].name, type, NULL, error);
        if (good)
            fill_uniform(job->weights.tensors[i].data, yg_type_count(type),
                         STREAM_PARAMETERS + (uint32_t)i, spread(type));
    }
    yg_network_free(network);
    return good;
}

/* Mean and deviation of each column, as training would have left them. */
static bool add_standardisation(job *job, yg_error *error) {
    const char *const names[] = {"@standardize/x/mean", "@standardize/x/deviation"};
    yg_type type;
    const yg_port *x = yg_model_port(job->model, 0);
    if (!yg_type_make(YG_F64, 1, (int64_t[]){x->shape[1]}, &type, error))
        return false;
    for (int i = 0; i < 2; i++) {
        if (!yg_tensor_file_add(&job->weights, names[i], &type, NULL, error))
            return false;
        double *values = job->weights.tensors[job->weights.count - 1].data;
        for (int64_t k = 0; k < x->shape[1]; k++)
            values[k] = i ? DEVIATION : MEAN;
    }
    return true;
}

static bool ask(void *context, yg_error *error) {
    job *job = context;
    void *outputs[] = {job->output};
    return job->row
               ? yg_predictor_row(job->predictor, job->cells, outputs, error)
               : yg_predictor_run(job->predictor, (const void *[]){job->input}, outputs, error);
}

static bool prepare(const char *path, job *job, yg_error *error) {
    job->model = yg_model_load(path, NULL, error);
    if (!job->model || !add_parameters(job, error) ||
        (job->row && !add_standardisation(job, error)))
        return false;
    const yg_predictor_options options = {
        .tensors = &job->weights, .dtype = YG_F32, .seats = 1, .threads = 1};
    job->predictor = yg_predictor_open(job->model, &options, error);
    if (!job->predictor)
        return false;
    size_t inputs, outputs;
    const yg_predictor_tensor *input = yg_predictor_inputs(job->predictor, &inputs);
    const yg_predictor_tensor *output = yg_predictor_outputs(job->predictor, &outputs);
    const int64_t width = yg_type_count(&input->type);
    if (inputs != 1 || outputs != 1 || width > MOST || yg_type_count(&output->type) > MOST)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "one small input and one small output are expected");
    for (int64_t i = 0; i < width; i++) {
        job->input[i] = (float)uniform(STREAM_DATA, i);
        job->cells[i] = yg_cell_of_number((double)job->input[i]);
    }
    return ask(job, error);
}

int main(int argc, char **argv) {
    job job = {0};
    yg_error error = {0};
    const double seconds = argc > 3 ? atof(argv[3]) : 0.2;
    if (argc < 3 || argc > 4 || (strcmp(argv[2], "tensor") != 0 && strcmp(argv[2], "row") != 0)) {
        fprintf(stderr, "usage: predictor MODEL tensor|row [ROUND_SECONDS]\n");
        return EXIT_FAILURE;
    }
    job.row = strcmp(argv[2], "row") == 0;
    bool done = prepare(argv[1], &job, &error);
    double squares = 0;
    for (int i = 0; i < MOST; i++)
        squares += (double)job.output[i] * (double)job.output[i];
    done = done && serve(yg_version(), &squares, 1, seconds, ask, &job, &error);
    yg_predictor_close(job.predictor);
    yg_tensor_file_free(&job.weights);
    yg_model_free(job.model);
    return done ? EXIT_SUCCESS : report_error(&error);
}
