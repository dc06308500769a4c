/*
 * Loss and gradients on the training data as one batch: see gradients.h.
 */
#include "gradients.h"

#include "pass.h"
#include "settings.h"
#include "weights.h"

#include <stdlib.h>
#include <string.h>

bool yg_gradients_parameters(const yg_model *model, const yg_gradients_options *options,
                             const yg_pass *pass, yg_tensor_file *store, yg_error *error) {
    uint64_t seed = options->seed;
    yg_tensor_file file = {0};
    if ((!options->has_seed && !yg_settings_seed(model, &seed, error)) ||
        !yg_weights_initialize(pass->network, seed, store, error))
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

static bool copy_results(const yg_pass *pass, yg_gradients *gradients, yg_error *error) {
    gradients->loss = yg_result_scalar(&pass->loss);
    gradients->parameters = calloc(pass->gradient_count + 1, sizeof *gradients->parameters);
    if (!gradients->parameters)
        return yg_fail_memory(error);
    for (size_t i = 0; i < pass->gradient_count; i++) {
        gradients->count = i + 1;
        if (!copy_gradient(&pass->gradients[i], &gradients->parameters[i], error))
            return false;
    }
    return true;
}

bool yg_loss_gradients(const yg_model *model, const yg_gradients_options *options,
                       yg_gradients *gradients, yg_error *error) {
    static const yg_gradients_options defaults = {0};
    yg_data data = {0};
    yg_tensor_file store = {0};
    yg_pass *pass = NULL;
    if (!options)
        options = &defaults;
    *gradients = (yg_gradients){0};
    yg_pass_options pass_options = {
        .model = model, .data = &data, .threads = options->threads, .gradients = true};
    bool good = yg_settings_dtype(model, options->dtype, &pass_options.dtype, error) &&
                yg_data_load(model, &data, error) &&
                (pass = yg_pass_new(&pass_options, data.train.count, error)) &&
                yg_gradients_parameters(model, options, pass, &store, error) &&
                yg_pass_bind(pass, &store, error);
    if (good) {
        yg_pass_fill(pass, &data.train, NULL, 0);
        good = yg_program_run(pass->program, 0, 0, error) && copy_results(pass, gradients, error);
    }
    if (!good)
        yg_gradients_free(gradients);
    yg_pass_free(pass);
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
