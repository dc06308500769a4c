/*
 * Prediction: see predict.h.
 */
#include "predict.h"

#include "../data/array_path.h"
#include "../data/encoding_file.h"
#include "../data/read_ahead.h"
#include "../data/sequence_reader.h"
#include "../data/sequences.h"
#include "../data/series.h"
#include "../data/series_reader.h"
#include "../data/stream.h"
#include "../graph/threads.h"
#include "prediction.h"
#include "settings.h"
#include "units.h"
#include "weights.h"

#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------------- running ---- */

/* Loads the parameters and begins the answers. The input has told the dimensions. */
static bool load_parameters(yg_prediction *p, yg_error *error) {
    const bool sequences = p->data.sequencing.symbol != NULL;
    yg_executable_options *options = &p->executables.options;
    yg_network *longer = NULL;
    options->length = sequences ? 3 : 0;
    if (sequences && !(longer = yg_executable_network(options, p->batch_size, error)))
        return false;
    options->length = sequences ? 2 : 0;
    yg_executable *executable = yg_executable_new(options, p->batch_size, error);
    const bool good = executable &&
                      yg_interpretation_make(p->model, &p->data, executable, longer, p->path,
                                             &p->outputs, error) &&
                      yg_weights_initialize(executable->network, 0, &p->store, error) &&
                      yg_weights_assign(&p->weights, p->path, p->store.count, &p->store, error) &&
                      p->format->begin(p, executable, error);
    yg_executable_free(executable);
    yg_network_free(longer);
    return good;
}

/* The longest of the next `count` sequences; 0: there are none. */
static int64_t longest_of(const yg_prediction *p, int64_t count) {
    int64_t longest = 0;
    for (int64_t i = 0; p->lengths && i < count; i++)
        longest = p->lengths[i] > longest ? p->lengths[i] : longest;
    return longest;
}

/* Runs and writes a batch whose inputs have been filled. */
static bool answer_batch(yg_prediction *p, yg_executable *executable, yg_error *error) {
    if (!yg_executable_run(executable, 0, 0, error) || !p->format->write(p, executable, error))
        return false;
    p->rows += executable->batch;
    for (int64_t i = 0; p->lengths && i < executable->batch; i++)
        p->steps += p->lengths[i];
    return true;
}

static int64_t power_of_two_below(int64_t count) {
    int64_t power = 1;
    while (power <= count / 2)
        power *= 2;
    return power;
}

/* Answers the rows of a dataset. Where a pipe has paused, their number can be anything. Then they
 * are cut into powers of two. Otherwise each number of rows would need a program of its own. */
static bool run_rows(yg_prediction *p, const yg_dataset *dataset, bool paused, yg_error *error) {
    for (int64_t left = dataset->count; left > 0;) {
        const int64_t count = paused && left < p->batch_size ? power_of_two_below(left) : left;
        if (dataset->sequences)
            p->lengths = dataset->sequences->lengths + dataset->count - left;
        yg_executable *executable =
            yg_executables_get(&p->executables, count, longest_of(p, count), error);
        if (!executable)
            return false;
        yg_dataset_copy(dataset, dataset->count - left, executable->batch, executable->feeds,
                        executable->feed_count);
        p->kept = left == dataset->count && dataset->kept ? dataset->kept->texts : p->kept;
        if (!answer_batch(p, executable, error))
            return false;
        left -= count;
    }
    return !paused || !p->format->flush || p->format->flush(p, error);
}

/* Answers all examples. If one of the first ones is wrong, nothing has been written. */
static bool answer(yg_prediction *p, yg_read_ahead *ahead, yg_error *error) {
    yg_batch_read batch = {.paused = true};
    bool good = true, started = false;
    while (good && (batch.count > 0 || batch.paused)) {
        good = yg_read_ahead_next(ahead, &batch, error);
        if (good && !started && (batch.count > 0 || !batch.paused)) {
            started = true;
            if (p->format->start)
                p->format->start(p);
        }
        if (good && (batch.count > 0 || batch.paused))
            good = run_rows(p, batch.dataset, batch.paused, error);
    }
    return good;
}

/* `source` NULL: the reader's rows. */
static bool answer_ahead(yg_prediction *p, yg_reader *reader, const yg_batch_source *source,
                         int threads, yg_error *error) {
    const bool threaded = (threads > 0 ? threads : yg_threads_available()) > 1;
    yg_read_ahead *ahead =
        source ? yg_read_ahead_of(source, p->batch_size, threaded, error)
               : yg_read_ahead_new(reader, p->batches, p->batch_size, threaded, error);
    const bool good = ahead && answer(p, ahead, error);
    yg_read_ahead_close(ahead);
    return good;
}

static yg_reader *open_reader(const yg_reading *reading, const yg_predict_options *options,
                              FILE *in, const char *name, yg_error *error) {
    if (options->out_arrays && options->keep_count) {
        yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                "--keep writes columns of CSV; a file of arrays has none");
        return NULL;
    }
    if (options->in_arrays && options->keep_count) {
        yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                "a file of arrays has no columns that --keep could write");
        return NULL;
    }
    if (options->in_arrays && reading->data->series.length) {
        yg_fail(error, YG_ERROR_DATA, (yg_origin){options->in_arrays, 0, 0},
                "the model reads windows over the rows of a table, and this is none");
        return NULL;
    }
    if (options->in_arrays && reading->data->sequencing.symbol) {
        yg_fail(error, YG_ERROR_DATA, (yg_origin){options->in_arrays, 0, 0},
                "the model reads sequences from a table, and this is none");
        return NULL;
    }
    if (options->in_arrays)
        return yg_reader_new(reading, &yg_source_array,
                             yg_array_source_open(reading, options->in_arrays, error), error);
    const bool files = options->file_count > 0;
    const yg_table_request request = {
        .file = files ? NULL : in, .name = files ? NULL : name, .delimiter = options->delimiter};
    return yg_reader_new(
        reading, &yg_source_table,
        yg_table_source_of(reading, &request, options->files, options->file_count, error), error);
}

/* Batches with room for the texts that are kept. */
static bool make_batches(yg_prediction *p, const yg_reading *reading, yg_error *error) {
    for (int i = 0; i < 2; i++)
        if (!yg_dataset_reserve(reading, &p->batches[i], p->batch_size, error) ||
            (reading->keep && !(p->batches[i].kept = calloc(1, sizeof *p->batches[i].kept))))
            return yg_fail_memory(error); /* changes no failure that was told */
    return true;
}

/* Answers all rows, each when it has come. */
static bool answer_rows(yg_prediction *p, const yg_reading *reading, yg_reader *reader, int threads,
                        yg_error *error) {
    return make_batches(p, reading, error) && answer_ahead(p, reader, NULL, threads, error);
}

/* Answers all windows over a series, each when its last row has come. */
static bool answer_windows(yg_prediction *p, const yg_reading *reading, yg_reader *reader,
                           const char *name, int threads, yg_error *error) {
    yg_series_reader *series = yg_series_reader_new(reading, reader, name, p->batch_size, error);
    if (!series)
        return false;
    const yg_batch_source source = yg_series_reader_batches(series);
    const bool good = answer_ahead(p, reader, &source, threads, error);
    yg_series_reader_free(series);
    return good;
}

/* Answers all sequences of rows, each when the next one has begun. */
static bool answer_sequences(yg_prediction *p, const yg_reading *reading, yg_reader *reader,
                             const char *name, int threads, yg_error *error) {
    p->kept_by_step = p->outputs.any_steps;
    yg_sequence_reader *sequences =
        yg_sequence_reader_new(reading, reader, name, p->batch_size, p->kept_by_step, error);
    if (!sequences)
        return false;
    const yg_batch_source source = yg_sequence_reader_batches(sequences);
    const bool good = answer_ahead(p, reader, &source, threads, error);
    yg_sequence_reader_free(sequences);
    return good;
}

static bool answer_all(yg_prediction *p, const yg_reading *reading, yg_reader *reader,
                       const yg_predict_options *options, const char *name, yg_error *error) {
    if (reading->data->series.length)
        return answer_windows(p, reading, reader, name, options->threads, error);
    if (reading->data->sequencing.by)
        return answer_sequences(p, reading, reader, name, options->threads, error);
    return answer_rows(p, reading, reader, options->threads, error);
}

static bool run(yg_prediction *p, const yg_predict_options *options, FILE *in, const char *name,
                yg_error *error) {
    const char *symbol;
    p->executables = (yg_executables){.options = {.model = p->model,
                                                  .data = &p->data,
                                                  .threads = options->threads,
                                                  .outputs_only = true},
                                      .store = &p->store};
    if (!yg_batch_symbol(p->model, &symbol, error) ||
        !yg_series_read(p->model, &p->data.series, error) ||
        !yg_sequencing_read(p->model, &p->data.sequencing, error) ||
        !yg_settings_dtype(p->model, options->dtype, &p->executables.options.dtype, error) ||
        !yg_weights_read(p->model, p->path, &p->weights, error) ||
        !yg_encoding_load(p->model, &p->weights, p->path, &p->data.encoding, error))
        return false;
    char advice[600];
    if (options->note && yg_units_advice(p->model, &p->data.encoding, advice, sizeof advice))
        options->note(options->context, advice);
    const yg_reading reading = {.model = p->model,
                                .data = &p->data,
                                .dtype = p->executables.options.dtype,
                                .inputs_only = true,
                                .runs = &p->data.runs[2],
                                .eager = true,
                                .keep = p->keep.asked_count ? &p->keep : NULL};
    yg_reader *reader = open_reader(&reading, options, in, name, error);
    const bool good = reader && load_parameters(p, error) &&
                      answer_all(p, &reading, reader, options, name, error) &&
                      p->format->end(p, error);
    yg_reader_close(reader);
    return good;
}

bool yg_predict(const yg_model *model, const yg_predict_options *options, FILE *in,
                const char *in_name, FILE *out, int64_t *rows, yg_error *error) {
    static const yg_predict_options defaults = {0};
    if (!options)
        options = &defaults;
    yg_prediction p = {.model = model,
                       .batch_size = options->batch_size > 0 ? options->batch_size : 256,
                       .format = options->out_arrays ? &yg_answers_array : &yg_answers_csv,
                       .keep = {.asked = options->keep, .asked_count = options->keep_count},
                       .out = out,
                       .out_path = options->out_arrays,
                       .delimiter = options->delimiter ? options->delimiter : ',',
                       .path = yg_weights_path(model, options->weights)};
    const bool good = p.path ? run(&p, options, in, in_name, error) : yg_fail_memory(error);
    if (rows)
        *rows = p.outputs.any_steps ? p.steps : p.rows;
    yg_executables_free(&p.executables);
    yg_dataset_free(&p.batches[0]);
    yg_dataset_free(&p.batches[1]);
    yg_tensor_file_free(&p.store);
    yg_tensor_file_free(&p.weights);
    yg_data_free(&p.data);
    yg_keep_free(&p.keep);
    yg_interpretation_free(&p.outputs);
    p.format->free(&p);
    free(p.path);
    return good;
}

bool yg_predict_is_array_path(const char *path) {
    return yg_array_format_of(path) != YG_ARRAY_NONE;
}
