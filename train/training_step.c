/*
 * One training step by itself: see training_step.h.
 */
#include "training_step.h"

#include "../data/source.h"
#include "../graph/clock.h"
#include "executable.h"
#include "optimizer_update.h"
#include "settings.h"
#include "weights.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const int64_t OTHER_DIM = 16;

typedef struct yg_training_step_parts {
    yg_data data;
    yg_tensor_file store; /* parameters and optimizer state */
    yg_executable *executable;
} yg_training_step_parts;

/* A size that is asked for must be the one that the data have. */
static bool check_dims(const yg_model *model, const yg_training_step_options *options,
                       const yg_data *data, yg_error *error) {
    for (size_t i = 0; i < options->dim_count; i++)
        for (size_t k = 0; k < data->dim_count; k++)
            if (strcmp(options->dims[i].name, data->dims[k].name) == 0 &&
                options->dims[i].size != data->dims[k].size)
                return yg_fail(error, YG_ERROR_ARGUMENT, (yg_origin){yg_model_path(model), 0, 0},
                               "%s = %" PRId64 " is asked for, but the model's data have %" PRId64,
                               data->dims[k].name, options->dims[i].size, data->dims[k].size);
    return true;
}

static bool get_data(const yg_model *model, const yg_training_step_options *options,
                     yg_training_step *step, yg_error *error) {
    yg_data *data = &step->parts->data;
    step->random_data = !yg_model_section(model, "data");
    if (step->random_data) {
        const yg_invention invention = {.examples = step->batch_size,
                                        .dims = options->dims,
                                        .dim_count = options->dim_count,
                                        .otherwise = OTHER_DIM};
        return yg_data_invent(model, step->dtype, &invention, data, error);
    }
    if (!yg_data_load(model, step->dtype, data, error) || !check_dims(model, options, data, error))
        return false;
    if (options->batch_size == 0 && step->batch_size > data->train.count)
        step->batch_size = data->train.count;
    return true;
}

/* Takes the given dims as if data had decided them. */
static bool take_dims(const yg_training_step_options *options, yg_training_step *step,
                      yg_error *error) {
    yg_data *data = &step->parts->data;
    data->dims = calloc(options->dim_count + 1, sizeof *data->dims);
    if (!data->dims)
        return yg_fail_memory(error);
    for (; data->dim_count < options->dim_count; data->dim_count++)
        data->dims[data->dim_count] = options->dims[data->dim_count];
    step->batch_size = 0;
    return true;
}

static bool build(const yg_model *model, const yg_settings *settings,
                  const yg_training_step_options *options, yg_training_step *step,
                  yg_error *error) {
    const yg_optimizer_update *update = settings->optimizer.update;
    const bool in_program = update && update->build;
    yg_executable_options executable_options = {
        .model = model,
        .data = &step->parts->data,
        .dtype = step->dtype,
        .threads = options->threads,
        .training = true,
        .gradients = !in_program,
        .optimizer = in_program ? &settings->optimizer : NULL,
        .terms = settings->terms,
        .average = settings->average.written ? &settings->average : NULL,
        .role = settings->accumulate > 1 ? YG_BATCH_LAST : YG_BATCH_WHOLE,
        .recompute = settings->recompute,
        .graph_flags = options->graph_flags,
        .compile_flags = options->unfilled ? YG_PROGRAM_NO_MEMORY : 0,
        .without = options->without,
        .without_count = options->without_count,
    };
    const double start = yg_clock();
    if (executable_options.data->train.count)
        executable_options.length =
            yg_part_longest(&step->parts->data.train, 0, step->parts->data.train.count);
    yg_executable *executable = yg_executable_new(&executable_options, step->batch_size, error);
    if (!executable)
        return false;
    step->build_seconds = yg_clock() - start;
    step->parts->executable = executable;
    step->graph = yg_network_graph(executable->network);
    step->forward_end = executable->forward_end;
    step->backward_end = executable->backward_end;
    step->program = executable->program;
    return true;
}

/* Fills the inputs with the first training examples, again and again until the batch is full. */
static bool fill_inputs(const yg_training_step_parts *parts, int64_t batch, yg_error *error) {
    const yg_executable *executable = parts->executable;
    yg_stream *stream = yg_stream_open(&parts->data.train, error);
    bool good = stream != NULL;
    for (int64_t row = 0; good && row < batch;) {
        const int64_t left = batch - row;
        yg_stream_seek(stream, 0, 0);
        const int64_t count = yg_stream_left(stream) < left ? yg_stream_left(stream) : left;
        good = yg_stream_next(stream, executable->feeds, executable->feed_count, row, count, error);
        row += count;
    }
    yg_stream_close(stream);
    return good;
}

static bool fill(const yg_settings *settings, yg_training_step *step, yg_error *error) {
    yg_training_step_parts *parts = step->parts;
    if (!fill_inputs(parts, step->batch_size, error))
        return false;
    if (parts->executable->lr)
        *parts->executable->lr = 0;
    if (parts->executable->t)
        *parts->executable->t = 1;
    if (parts->executable->weight)
        *parts->executable->weight = 1;
    return yg_weights_initialize(parts->executable->network, settings->seed, &parts->store,
                                 error) &&
           yg_executable_bind(parts->executable, &parts->store, error);
}

bool yg_training_step_make(const yg_model *model, const yg_training_step_options *options,
                           yg_training_step *step, yg_error *error) {
    static const yg_training_step_options defaults = {0};
    yg_settings settings;
    if (!options)
        options = &defaults;
    *step = (yg_training_step){.parts = calloc(1, sizeof *step->parts)};
    if (!step->parts)
        return yg_fail_memory(error);
    bool good = yg_settings_read_step(model, &settings, error) &&
                yg_settings_dtype(model, options->dtype, &step->dtype, error);
    step->batch_size = options->batch_size ? options->batch_size : settings.batch_size;
    step->seed = settings.seed;
    good = good &&
           (options->unfilled ? take_dims(options, step, error)
                              : get_data(model, options, step, error)) &&
           build(model, &settings, options, step, error) &&
           (options->unfilled || fill(&settings, step, error));
    if (!good)
        yg_training_step_free(step);
    return good;
}

void yg_training_step_free(yg_training_step *step) {
    if (step->parts) {
        yg_executable_free(step->parts->executable);
        yg_tensor_file_free(&step->parts->store);
        yg_data_free(&step->parts->data);
        free(step->parts);
    }
    *step = (yg_training_step){0};
}
