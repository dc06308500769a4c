/*
 * Loss and gradients on the training data as one batch: see gradients.h.
 */
#include "gradients.h"

#include "../data/encoding_file.h"
#include "../data/sequences.h"
#include "executable.h"
#include "settings.h"
#include "weights.h"

#include <stdlib.h>
#include <string.h>

bool yg_gradients_seed(const yg_model *model, const yg_gradients_options *options, uint64_t *seed,
                       yg_error *error) {
    *seed = options->seed;
    return options->has_seed || yg_settings_seed(model, seed, error);
}

bool yg_gradients_parameters(const yg_model *model, const yg_gradients_options *options,
                             const yg_executable *executable, yg_tensor_file *store,
                             yg_error *error) {
    uint64_t seed;
    yg_tensor_file file = {0};
    if (!yg_gradients_seed(model, options, &seed, error) ||
        !yg_weights_initialize(executable->network, seed, store, error))
        return false;
    if (!options->weights)
        return true;
    const bool good = yg_safetensors_read(options->weights, &file, error) &&
                      yg_weights_assign(&file, options->weights, store->count, store, error);
    yg_tensor_file_free(&file);
    return good;
}

static bool copy_gradient(const yg_result *result, yg_parameter_gradient *out, yg_error *error) {
    const size_t bytes = (size_t)yg_type_bytes(&result->type);
    *out = (yg_parameter_gradient){.name = strdup(result->name),
                                   .type = result->type,
                                   .data = calloc(1, bytes + 1),
                                   .line = result->origin.line,
                                   .column = result->origin.column};
    if (!out->name || !out->data)
        return yg_fail_memory(error);
    if (result->data && bytes)
        memcpy(out->data, result->data, bytes);
    return true;
}

static bool copy_results(const yg_executable *executable, yg_gradients *gradients,
                         yg_error *error) {
    gradients->loss = yg_result_scalar(&executable->loss);
    gradients->parameters = calloc(executable->gradient_count + 1, sizeof *gradients->parameters);
    if (!gradients->parameters)
        return yg_fail_memory(error);
    for (size_t i = 0; i < executable->gradient_count; i++) {
        gradients->count = i + 1;
        if (!copy_gradient(&executable->gradients[i], &gradients->parameters[i], error))
            return false;
    }
    return true;
}

bool yg_loss_gradients(const yg_model *model, const yg_gradients_options *options,
                       yg_gradients *gradients, yg_error *error) {
    static const yg_gradients_options defaults = {0};
    yg_data data = {0};
    yg_tensor_file store = {0};
    yg_executable *executable = NULL;
    uint64_t seed = 0;
    if (!options)
        options = &defaults;
    *gradients = (yg_gradients){0};
    yg_executable_options executable_options = {.model = model,
                                                .data = &data,
                                                .threads = options->threads,
                                                .training = options->training,
                                                .gradients = true};
    bool good =
        yg_gradients_seed(model, options, &seed, error) &&
        yg_settings_dtype(model, options->dtype, &executable_options.dtype, error) &&
        yg_encoding_load_data(model, options->weights, executable_options.dtype, &data, error) &&
        (executable_options.length = yg_sequences_padded(
             &data.sequencing, yg_part_longest(&data.train, 0, data.train.count))) >= 0 &&
        (executable = yg_executable_new(&executable_options, data.train.count, error)) &&
        yg_gradients_parameters(model, options, executable, &store, error) &&
        yg_executable_check_trainable(executable, model, error) &&
        yg_executable_bind(executable, &store, error);
    yg_stream *stream = good ? yg_stream_open(&data.train, error) : NULL;
    good = stream != NULL;
    if (good) {
        good = yg_executable_fill(executable, stream, error) &&
               yg_executable_run(executable, seed, 0, error) &&
               copy_results(executable, gradients, error);
    }
    if (!good)
        yg_gradients_free(gradients);
    yg_stream_close(stream);
    yg_executable_free(executable);
    yg_tensor_file_free(&store);
    yg_data_free(&data);
    return good;
}

void yg_gradients_free(yg_gradients *gradients) {
    for (size_t i = 0; i < gradients->count; i++) {
        free(gradients->parameters[i].name);
        free(gradients->parameters[i].data);
    }
    free(gradients->parameters);
    *gradients = (yg_gradients){0};
}
