/*
 * Prediction: see predict.h.
 */
#include "predict.h"

#include "../data/array_path.h"
#include "../data/encoding_file.h"
#include "../data/read_ahead.h"
#include "../data/series.h"
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
    yg_executable *executable = yg_executable_new(&p->executables.options, p->batch_size, error);
    const bool good =
        executable &&
        yg_interpretation_make(p->model, &p->data, executable, p->path, &p->outputs, error) &&
        yg_weights_initialize(executable->network, 0, &p->store, error) &&
        yg_weights_assign(&p->weights, p->path, p->store.count, &p->store, error) &&
        p->format->begin(p, executable, error);
    yg_executable_free(executable);
    return good;
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
        yg_executable *executable = yg_executables_get(
            &p->executables, paused && left < p->batch_size ? power_of_two_below(left) : left,
            error);
        if (!executable)
            return false;
        yg_dataset_copy(dataset, dataset->count - left, executable->batch, executable->feeds,
                        executable->feed_count);
        p->kept = left == dataset->count && dataset->kept ? dataset->kept->texts : p->kept;
        if (!yg_executable_run(executable, 0, 0, error))
            return false;
        if (!p->format->write(p, executable, error))
            return false;
        p->rows += executable->batch;
        left -= executable->batch;
    }
    return !paused || !p->format->flush || p->format->flush(p, error);
}

/* Answers all rows. If one of the first ones is wrong, nothing has been written. */
static bool answer(yg_prediction *p, yg_read_ahead *ahead, yg_error *error) {
    yg_batch_read batch = {.count = 1};
    bool good = true;
    for (bool first = true; good && batch.count > 0; first = false) {
        good = yg_read_ahead_next(ahead, &batch, error);
        if (good && first && p->format->start)
            p->format->start(p);
        if (good && batch.count > 0)
            good = run_rows(p, batch.dataset, batch.paused, error);
    }
    return good;
}

static bool read_rows(yg_prediction *p, yg_reader *reader, int threads, yg_error *error) {
    const bool threaded = (threads > 0 ? threads : yg_threads_available()) > 1;
    yg_read_ahead *ahead = yg_read_ahead_new(reader, p->batches, p->batch_size, threaded, error);
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

/* Answers all windows over a series. It is read first: the next window needs rows of this one. What
 * is kept of a window is that of its last row. */
static bool answer_windows(yg_prediction *p, const yg_reading *reading, yg_reader *reader,
                           const char *name, yg_error *error) {
    if (!yg_reader_all(reader, &p->data.held[2], error))
        return false;
    p->data.test = (yg_part){.count = p->data.held[2].count, .dataset = &p->data.held[2]};
    if (!yg_series_apply(reading, name, error))
        return false;
    yg_kept *kept = p->data.held[2].kept;
    if (kept) {
        yg_kept_select(kept, p->keep.count, p->data.test.members, p->data.test.count,
                       p->data.series.length - 1);
        p->kept = kept->texts;
    }
    yg_stream *stream = yg_stream_open(&p->data.test, error);
    if (stream && p->format->start)
        p->format->start(p);
    bool good = stream != NULL;
    while (good && yg_stream_left(stream) > 0) {
        const int64_t left = yg_stream_left(stream);
        yg_executable *executable =
            yg_executables_get(&p->executables, left < p->batch_size ? left : p->batch_size, error);
        good = executable && yg_executable_fill(executable, stream, error) &&
               yg_executable_run(executable, 0, 0, error) && p->format->write(p, executable, error);
        p->rows += good ? executable->batch : 0;
    }
    yg_stream_close(stream);
    return good;
}

/* Answers all rows, while they arrive. */
static bool answer_rows(yg_prediction *p, const yg_reading *reading, yg_reader *reader, int threads,
                        yg_error *error) {
    return make_batches(p, reading, error) && read_rows(p, reader, threads, error);
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
                                .eager = !p->data.series.length,
                                .keep = p->keep.asked_count ? &p->keep : NULL};
    yg_reader *reader = open_reader(&reading, options, in, name, error);
    const bool good =
        reader && load_parameters(p, error) &&
        (p->data.series.length ? answer_windows(p, &reading, reader, name, error)
                               : answer_rows(p, &reading, reader, options->threads, error)) &&
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
        *rows = p.rows;
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
