/*
 * Prediction: see predict.h.
 */
#include "predict.h"

#include "../graph/number.h"
#include "../graph/threads.h"
#include "../ops/registry.h"
#include "encoding.h"
#include "executables.h"
#include "read_ahead.h"
#include "settings.h"
#include "source.h"
#include "units.h"
#include "weights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How the model's outputs are to be read. */
typedef struct interpretation {
    size_t label_port;   /* the target whose class is written; SIZE_MAX: none */
    size_t label_output; /* the output that decides the class */
    size_t *units;       /* by output: the port that gives its units; SIZE_MAX: none */
    char **classes;      /* names of label_port's classes; NULL: the class is written as a number */
} interpretation;

typedef struct prediction {
    const yg_model *model;
    yg_data data;
    yg_dataset batches[2]; /* rows that are read, at most batch_size in each: see read_ahead.h */
    int64_t batch_size;
    yg_tensor_file weights, store;
    char *path;   /* of the weights */
    char *header; /* the first line of the predictions */
    yg_executables executables;
    interpretation outputs;
    FILE *out;
    char delimiter;
    int64_t rows;
} prediction;

/* --------------------------------------------------------------------------------- reading ---- */

static int64_t output_width(const yg_executable *executable, size_t output) {
    return executable->batch ? yg_type_count(&executable->outputs[output].type) / executable->batch
                             : 0;
}

static bool is_sigmoid(const yg_executable *executable, size_t output) {
    size_t count;
    const yg_tensor_name *outputs = yg_network_outputs(executable->network, &count);
    return yg_node_op(yg_network_graph(executable->network), outputs[output].node) ==
           &yg_op_sigmoid;
}

/* The one target that `wanted` holds for; SIZE_MAX if none or several do. */
static size_t only_target(const prediction *p, bool (*wanted)(const prediction *p, size_t port)) {
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < yg_model_port_count(p->model); i++) {
        if (!yg_model_port(p->model, i)->target || !wanted(p, i))
            continue;
        if (found != SIZE_MAX)
            return SIZE_MAX;
        found = i;
    }
    return found;
}

static bool has_label(const prediction *p, size_t port) {
    return yg_port_is_label(&p->data, yg_model_port(p->model, port));
}

/* Finds the output that decides the label: the first with a score for each class, or with one
 * sigmoid for two classes. */
static void find_label(prediction *p, const yg_executable *executable) {
    interpretation *r = &p->outputs;
    r->label_port = only_target(p, has_label);
    if (r->label_port == SIZE_MAX)
        return;
    const int64_t classes = yg_model_port(p->model, r->label_port)->classes;
    r->classes = p->data.encoding.ports[r->label_port].classes;
    if (!r->classes)
        r->classes = (char **)yg_model_port(p->model, r->label_port)->class_names;
    for (size_t i = 0; i < executable->output_count; i++) {
        const bool scores =
            executable->outputs[i].type.rank == 2 && output_width(executable, i) == classes;
        if ((scores && classes > 1) ||
            (classes == 2 && output_width(executable, i) == 1 && is_sigmoid(executable, i))) {
            r->label_output = i;
            return;
        }
    }
    r->label_port = SIZE_MAX;
}

/* Finds the port that gives an output's units. A port that is not standardised changes nothing. */
static bool find_units(const prediction *p, const yg_executable *executable, size_t output,
                       size_t *units, yg_error *error) {
    size_t count;
    const char *name = yg_network_outputs(executable->network, &count)[output].units;
    *units = name ? yg_model_find_port(p->model, name) : SIZE_MAX;
    if (*units == SIZE_MAX)
        return true;
    const yg_port_encoding *encoding = &p->data.encoding.ports[*units];
    if (!encoding->mean)
        *units = SIZE_MAX;
    return *units == SIZE_MAX || output_width(executable, output) == encoding->width ||
           yg_fail(error, YG_ERROR_SHAPE, (yg_origin){p->path, 0, 0},
                   "output '%s' is in the units of '%s', but has %lld elements an example; the "
                   "weights' standardisation of '%s' is for %lld",
                   executable->outputs[output].name, name,
                   (long long)output_width(executable, output), name, (long long)encoding->width);
}

static bool find_reading(prediction *p, const yg_executable *executable, yg_error *error) {
    find_label(p, executable);
    p->outputs.units = calloc(executable->output_count + 1, sizeof *p->outputs.units);
    if (!p->outputs.units)
        return yg_fail_memory(error);
    for (size_t i = 0; i < executable->output_count; i++) {
        if (!executable->outputs[i].type.rank ||
            executable->outputs[i].type.shape[0] != executable->batch)
            return yg_fail(error, YG_ERROR_SHAPE, executable->outputs[i].origin,
                           "output '%s' has no row for each example, so it is no prediction",
                           executable->outputs[i].name);
        if (!find_units(p, executable, i, &p->outputs.units[i], error))
            return false;
    }
    return true;
}

/* --------------------------------------------------------------------------------- writing ---- */

/* A cell, in quotes where RFC 4180 asks for them. */
static void write_text(FILE *out, char delimiter, const char *text) {
    const char special[] = {delimiter, '"', '\n', '\r', ' ', '\t', '\0'};
    if (*text && !strpbrk(text, special)) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

/* ---------------------------------------------------------------------------- the header ---- */

/* The columns of the predictions, which must all have different names. */
typedef struct header {
    yg_pool *pool;
    yg_names names;
    size_t *output; /* that a column belongs to; SIZE_MAX: the label */
} header;

static const char *element_name(const prediction *p, const yg_executable *executable, size_t output,
                                int64_t i, yg_pool *pool) {
    const interpretation *r = &p->outputs;
    const char *name = executable->outputs[output].name;
    if (output_width(executable, output) == 1)
        return name;
    if (r->label_port != SIZE_MAX && r->label_output == output && r->classes)
        return yg_pool_format(pool, "%s.%s", name, r->classes[i]);
    return yg_pool_format(pool, "%s.%lld", name, (long long)i);
}

static bool add_column(const prediction *p, const yg_executable *executable, header *h,
                       const char *name, size_t output, yg_error *error) {
    if (!name)
        return yg_fail_memory(error);
    const size_t same = yg_names_find(&h->names, name);
    if (same != YG_NOT_FOUND) {
        const size_t other = h->output[same]; /* the label's column comes last */
        return yg_fail(
            error, YG_ERROR_NAME, executable->outputs[other].origin,
            "two columns of the predictions would be called '%s': output '%s' and %s%s%s; "
            "rename one in `outputs`",
            name, executable->outputs[other].name,
            output == SIZE_MAX ? "the label of '" : "output '",
            output == SIZE_MAX ? yg_model_port(p->model, p->outputs.label_port)->name
                               : executable->outputs[output].name,
            "'");
    }
    size_t *grown = yg_pool_grow(h->pool, h->output, h->names.count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    h->output = grown;
    grown[h->names.count] = output;
    return yg_names_add(&h->names, h->pool, name) || yg_fail_memory(error);
}

static bool list_columns(const prediction *p, const yg_executable *executable, header *h,
                         yg_error *error) {
    for (size_t o = 0; o < executable->output_count; o++)
        for (int64_t i = 0; i < output_width(executable, o); i++)
            if (!add_column(p, executable, h, element_name(p, executable, o, i, h->pool), o, error))
                return false;
    const size_t label = p->outputs.label_port;
    if (label == SIZE_MAX)
        return true;
    const yg_port_encoding *encoding = &p->data.encoding.ports[label];
    return add_column(p, executable, h,
                      encoding->column_count == 1 ? encoding->columns[0]
                                                  : yg_model_port(p->model, label)->name,
                      SIZE_MAX, error);
}

/* Makes p->header, the text. */
static bool make_header(prediction *p, const yg_executable *executable, yg_error *error) {
    header h = {.pool = yg_pool_new()};
    size_t size;
    FILE *text = open_memstream(&p->header, &size);
    bool good = h.pool && text ? list_columns(p, executable, &h, error) : yg_fail_memory(error);
    for (size_t i = 0; good && i < h.names.count; i++) {
        if (i > 0)
            fputc(p->delimiter, text);
        write_text(text, p->delimiter, h.names.names[i]);
    }
    if (text) {
        const bool written = !ferror(text);
        good = fclose(text) == 0 && written ? good : good && yg_fail_memory(error);
    }
    yg_pool_free(h.pool);
    return good;
}

/* ------------------------------------------------------------------------------- the rows ---- */

/* A float32 is written with the fewest digits that give the same float32 back. As a double it would
 * get digits that mean nothing. */
static void write_number(const prediction *p, yg_dtype dtype, double value) {
    char text[YG_NUMBER_TEXT];
    double back;
    if (dtype == YG_F32 && value == value)
        for (int digits = 6; digits <= 9; digits++) {
            /* Tries more and more digits until reading them gives the same float. */
            char rounded[40];
            snprintf(rounded, sizeof rounded, "%.*e", digits - 1, value);
            for (char *c = rounded; *c; c++)
                *c = *c == ',' ? '.' : *c; /* a locale's decimal comma */
            if (yg_number_parse(rounded, strlen(rounded), &back) != YG_NUMBER_NOT &&
                (float)back == (float)value) {
                fputs(yg_number_text(back, text), p->out);
                return;
            }
        }
    fputs(yg_number_text(value, text), p->out);
}

/* The class with the highest score; the first among equals. */
static int64_t best_class(const yg_result *output, int64_t width, int64_t row) {
    int64_t best = 0;
    if (width == 1) /* a sigmoid: the probability of class 1 */
        return yg_element_get(output->type.dtype, output->data, row) >= 0.5;
    for (int64_t i = 1; i < width; i++)
        if (yg_element_get(output->type.dtype, output->data, row * width + i) >
            yg_element_get(output->type.dtype, output->data, row * width + best))
            best = i;
    return best;
}

/* Element `index` of an output, element `i` of its example. Whole numbers are exact. */
static void write_element(const prediction *p, const yg_result *output, size_t units, int64_t index,
                          int64_t i) {
    const yg_dtype dtype = output->type.dtype;
    if (dtype == YG_I64) {
        fprintf(p->out, "%lld", (long long)((const int64_t *)output->data)[index]);
        return;
    }
    double value = yg_element_get(dtype, output->data, index);
    if (units != SIZE_MAX) {
        const yg_port_encoding *encoding = &p->data.encoding.ports[units];
        value = value * encoding->deviation[i] + encoding->mean[i];
    }
    write_number(p, dtype, value);
}

static void write_label(const prediction *p, const yg_executable *executable, int64_t row) {
    const interpretation *r = &p->outputs;
    const yg_result *output = &executable->outputs[r->label_output];
    const int64_t class = best_class(output, output_width(executable, r->label_output), row);
    if (r->classes)
        write_text(p->out, p->delimiter, r->classes[class]);
    else
        fprintf(p->out, "%lld", (long long)class);
}

static void write_row(const prediction *p, const yg_executable *executable, int64_t row) {
    bool first = true;
    for (size_t o = 0; o < executable->output_count; o++) {
        const int64_t width = output_width(executable, o);
        for (int64_t i = 0; i < width; i++, first = false) {
            if (!first)
                fputc(p->delimiter, p->out);
            write_element(p, &executable->outputs[o], p->outputs.units[o], row * width + i, i);
        }
    }
    if (p->outputs.label_port != SIZE_MAX) {
        if (!first)
            fputc(p->delimiter, p->out);
        write_label(p, executable, row);
    }
    fputc('\n', p->out);
}

/* --------------------------------------------------------------------------------- running ---- */

static bool write_failed(const prediction *p, yg_error *error) {
    return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot write the predictions: %s",
                   errno && ferror(p->out) ? strerror(errno) : "output failed");
}

/* Loads the parameters and makes the header. The columns of the input have told the dimensions. */
static bool load_parameters(prediction *p, yg_error *error) {
    yg_executable *executable = yg_executable_new(&p->executables.options, p->batch_size, error);
    const bool good = executable && find_reading(p, executable, error) &&
                      yg_weights_initialize(executable->network, 0, &p->store, error) &&
                      yg_weights_assign(&p->weights, p->path, p->store.count, &p->store, error) &&
                      make_header(p, executable, error);
    yg_executable_free(executable);
    return good;
}

static int64_t power_of_two_below(int64_t count) {
    int64_t power = 1;
    while (power <= count / 2)
        power *= 2;
    return power;
}

/* Answers the rows of a stream. Where a pipe has paused, their number can be anything. Then they
 * are cut into powers of two. Otherwise each number of rows would need a program of its own. */
static bool run_rows(prediction *p, yg_stream *stream, bool paused, yg_error *error) {
    yg_stream_seek(stream, 0, 0);
    while (yg_stream_left(stream) > 0) {
        const int64_t left = yg_stream_left(stream);
        yg_executable *executable = yg_executables_get(
            &p->executables, paused && left < p->batch_size ? power_of_two_below(left) : left,
            error);
        if (!executable)
            return false;
        yg_executable_fill(executable, stream);
        if (!yg_executable_run(executable, 0, 0, error))
            return false;
        for (int64_t row = 0; row < executable->batch; row++)
            write_row(p, executable, row);
        p->rows += executable->batch;
    }
    return (!ferror(p->out) && (!paused || fflush(p->out) == 0)) || write_failed(p, error);
}

/* Answers all rows. The header is written when the first ones have been read: if one of them is
 * wrong, nothing has been written. */
static bool answer(prediction *p, yg_read_ahead *ahead, yg_error *error) {
    yg_stream *streams[2] = {yg_stream_open(&p->batches[0], error),
                             yg_stream_open(&p->batches[1], error)};
    yg_batch_read batch = {.count = 1};
    bool good = streams[0] && streams[1];
    for (bool first = true; good && batch.count > 0; first = false) {
        good = yg_read_ahead_next(ahead, &batch, error);
        if (good && first)
            fprintf(p->out, "%s\n", p->header);
        if (good && batch.count > 0)
            good = run_rows(p, streams[batch.dataset - p->batches], batch.paused, error);
    }
    yg_stream_close(streams[0]);
    yg_stream_close(streams[1]);
    return good;
}

static bool read_rows(prediction *p, yg_reader *reader, int threads, yg_error *error) {
    const bool threaded = (threads > 0 ? threads : yg_threads_available()) > 1;
    yg_read_ahead *ahead = yg_read_ahead_new(reader, p->batches, p->batch_size, threaded, error);
    const bool good = ahead && answer(p, ahead, error);
    yg_read_ahead_close(ahead);
    return good;
}

static bool run(prediction *p, const yg_predict_options *options, FILE *in, const char *name,
                yg_error *error) {
    const char *symbol;
    p->executables = (yg_executables){.options = {.model = p->model,
                                                  .data = &p->data,
                                                  .threads = options->threads,
                                                  .outputs_only = true},
                                      .store = &p->store};
    if (!yg_batch_symbol(p->model, &symbol, error) ||
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
                                .eager = true};
    yg_reader *reader =
        yg_reader_new(&reading, &yg_source_csv,
                      yg_csv_source_new(&reading, in, name, p->delimiter, NULL, error), error);
    const bool good = reader &&
                      yg_dataset_reserve(&reading, &p->batches[0], p->batch_size, error) &&
                      yg_dataset_reserve(&reading, &p->batches[1], p->batch_size, error) &&
                      load_parameters(p, error) && read_rows(p, reader, options->threads, error) &&
                      (fflush(p->out) == 0 || write_failed(p, error));
    yg_reader_close(reader);
    return good;
}

bool yg_predict(const yg_model *model, const yg_predict_options *options, FILE *in,
                const char *in_name, FILE *out, int64_t *rows, yg_error *error) {
    static const yg_predict_options defaults = {0};
    if (!options)
        options = &defaults;
    prediction p = {.model = model,
                    .batch_size = options->batch_size > 0 ? options->batch_size : 256,
                    .out = out,
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
    free(p.outputs.units);
    free(p.header);
    free(p.path);
    return good;
}
