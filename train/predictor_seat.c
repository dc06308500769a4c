/*
 * A seat of a predictor: see predictor_seat.h.
 */
#include "predictor_seat.h"

#include "../data/encoding_file.h"
#include "../data/sequences.h"
#include "../data/series.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ROWS = "a row"; /* for messages */

/* --------------------------------------------------------------------------------- columns ---- */

static bool add_column(yg_seat *seat, const char *name, yg_error *error) {
    for (size_t i = 0; i < seat->column_count; i++)
        if (strcmp(seat->columns[i], name) == 0)
            return true; /* two inputs read it */
    char **grown = realloc(seat->columns, (seat->column_count + 1) * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    seat->columns = grown;
    if (!(grown[seat->column_count] = strdup(name)))
        return yg_fail_memory(error);
    seat->column_count++;
    return true;
}

/* The columns that `predict` looks for where the weights remember none: see columns.c. */
static bool add_elements(yg_seat *seat, const yg_port *port, yg_error *error) {
    const int64_t width = yg_port_width(&seat->data, port);
    char name[300];
    if (width < 0)
        return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                       "the size of an example of '%s' is not known; give its dimensions in `dims`",
                       port->name);
    if (width == 1)
        return add_column(seat, port->name, error);
    for (int64_t i = 0; i < width; i++) {
        snprintf(name, sizeof name, "%.250s.%" PRId64, port->name, i);
        if (!add_column(seat, name, error))
            return false;
    }
    return true;
}

static bool list_columns(yg_seat *seat, yg_error *error) {
    for (size_t p = 0; p < yg_model_port_count(seat->reading.model); p++) {
        const yg_port_encoding *encoding = &seat->data.encoding.ports[p];
        if (!yg_reading_wants(&seat->reading, p))
            continue;
        if (!encoding->column_count &&
            !add_elements(seat, yg_model_port(seat->reading.model, p), error))
            return false;
        for (size_t i = 0; i < encoding->column_count; i++)
            if (!add_column(seat, encoding->columns[i], error))
                return false;
    }
    return true;
}

/* Opens the reader of rows. It also finds the sizes of dimensions that columns decide. */
static bool open_rows(yg_seat *seat, yg_error *error) {
    yg_sequencing sequencing;
    if (!yg_sequencing_read(seat->reading.model, &sequencing, error))
        return false;
    if (seat->data.series.length || sequencing.symbol)
        return true; /* an example is several rows, or takes any number of steps */
    if (!list_columns(seat, error))
        return false;
    seat->cells = (yg_cell_table){.column_count = seat->column_count,
                                  .columns = (const char *const *)seat->columns};
    const yg_table_request request = {.name = ROWS, .cells = &seat->cells};
    seat->reader = yg_reader_new(
        &seat->reading, &yg_source_table,
        yg_table_source_new(&seat->reading, &yg_table_cells, &request, NULL, error), error);
    return seat->reader != NULL;
}

/* --------------------------------------------------------------------------------- memory ---- */

/* Lets the reader write to the program's own buffers. */
static bool point_rows(yg_seat *seat, yg_error *error) {
    const yg_executable *executable = seat->executable;
    if (!seat->reader)
        return true;
    if (!yg_dataset_begin(&seat->reading, &seat->rows, error))
        return false;
    seat->owned = calloc(seat->rows.port_count + 1, sizeof *seat->owned);
    if (!seat->owned)
        return yg_fail_memory(error);
    for (size_t f = 0; f < executable->feed_count; f++) {
        const yg_feed *feed = &executable->feeds[f];
        yg_elements *elements = &seat->rows.ports[feed->port];
        *elements = (yg_elements){.dtype = feed->dtype, .width = feed->width, .data = feed->data};
        if (feed->data)
            continue;
        seat->owned[feed->port] = true;
        elements->data = calloc((size_t)(executable->batch * feed->width) + 1, sizeof(double));
        if (!elements->data)
            return yg_fail_memory(error);
    }
    return true;
}

static bool is_changed(const yg_port_encoding *encoding) {
    return encoding->formula || encoding->mean;
}

/* Room for the elements of the widest input that is changed. Its formula is compiled now, so that
 * no call has to. */
static bool make_room(yg_seat *seat, yg_error *error) {
    int64_t most = 0;
    for (size_t f = 0; f < seat->executable->feed_count; f++) {
        const yg_feed *feed = &seat->executable->feeds[f];
        const yg_port_encoding *encoding = &seat->data.encoding.ports[feed->port];
        if (encoding->formula && !yg_transform_values(&seat->reading, feed->port, NULL, 0, error))
            return false;
        if (encoding->mean && encoding->width != feed->width)
            return yg_fail(
                error, YG_ERROR_SHAPE, yg_model_port(seat->reading.model, feed->port)->origin,
                "the weights' standardisation is for %" PRId64 " elements; an example has %" PRId64,
                encoding->width, feed->width);
        if (is_changed(encoding) && feed->width > most)
            most = feed->width;
    }
    seat->wide = calloc((size_t)(most * seat->executable->batch) + 1, sizeof *seat->wide);
    return seat->wide || yg_fail_memory(error);
}

/* Takes the caller's sizes; the names must outlive the data, so they are the model's. */
static bool take_dims(const yg_seat_options *options, yg_data *data, yg_error *error) {
    data->dims = calloc(options->dim_count + 1, sizeof *data->dims);
    if (!data->dims)
        return yg_fail_memory(error);
    for (size_t i = 0; i < options->dim_count; i++) {
        const yg_dim *dim = &options->dims[i];
        const char *symbol = NULL;
        for (size_t p = 0; p < yg_model_port_count(options->model) && !symbol; p++) {
            const yg_port *port = yg_model_port(options->model, p);
            for (int d = 1; d < port->rank; d++)
                if (port->symbols[d] && strcmp(port->symbols[d], dim->name) == 0)
                    symbol = port->symbols[d];
        }
        if (!symbol || dim->size < 0)
            return yg_fail(error, YG_ERROR_NAME, YG_NOWHERE,
                           symbol ? "dimension '%s' cannot be negative"
                                  : "no input or target has a dimension '%s' besides the batch",
                           dim->name);
        data->dims[data->dim_count++] = (yg_dim){symbol, dim->size};
    }
    return true;
}

bool yg_seat_make(const yg_seat_options *options, yg_seat *seat, yg_error *error) {
    *seat = (yg_seat){.reading = {.model = options->model,
                                  .data = &seat->data,
                                  .dtype = options->dtype,
                                  .inputs_only = true}};
    const yg_executable_options executable = {.model = options->model,
                                              .data = &seat->data,
                                              .dtype = options->dtype,
                                              .threads = options->threads,
                                              .outputs_only = true};
    if (!take_dims(options, &seat->data, error) ||
        !yg_series_read(options->model, &seat->data.series, error) ||
        !yg_encoding_load(options->model, options->weights, options->path, &seat->data.encoding,
                          error) ||
        !open_rows(seat, error))
        return false;
    seat->executable = yg_executable_new(&executable, options->batch, error);
    return seat->executable &&
           yg_interpretation_make(options->model, &seat->data, seat->executable, NULL,
                                  options->path, &seat->outputs, error) &&
           point_rows(seat, error) && make_room(seat, error);
}

void yg_seat_free(yg_seat *seat) {
    yg_reader_close(seat->reader);
    for (size_t p = 0; p < seat->rows.port_count; p++)
        if (!seat->owned || !seat->owned[p])
            seat->rows.ports[p].data = NULL;
    yg_dataset_free(&seat->rows);
    free(seat->owned);
    yg_interpretation_free(&seat->outputs);
    yg_executable_free(seat->executable);
    yg_data_free(&seat->data);
    for (size_t i = 0; i < seat->column_count; i++)
        free(seat->columns[i]);
    free(seat->columns);
    free(seat->wide);
}

/* ------------------------------------------------------------------------------------ calls -- */

/* Transforms and standardises an input's elements, as a reader does. */
static bool take_changed(yg_seat *seat, const yg_feed *feed, const void *input, yg_error *error) {
    const yg_reading *reading = &seat->reading;
    const yg_port_encoding *encoding = &seat->data.encoding.ports[feed->port];
    const int64_t batch = seat->executable->batch, count = batch * feed->width;
    const bool floats = yg_dtype_is_float(feed->dtype);
    const yg_elements wide = {
        .dtype = floats ? YG_F64 : feed->dtype, .width = feed->width, .data = seat->wide};
    const yg_elements to = {.dtype = feed->dtype, .width = feed->width, .data = feed->data};
    if (feed->dtype == YG_F32)
        for (int64_t i = 0; i < count; i++)
            seat->wide[i] = (double)((const float *)input)[i];
    else
        memcpy(seat->wide, input, (size_t)count * yg_dtype_size(feed->dtype));
    if (encoding->formula && !yg_transform_apply(reading, feed->port, &wide, batch, 0, error))
        return false;
    if (!floats) {
        memcpy(feed->data, seat->wide, (size_t)count * yg_dtype_size(feed->dtype));
        return true;
    }
    yg_standardize_apply(encoding, seat->wide, batch);
    return yg_elements_store(reading, feed->port, seat->wide, count, 0, &to, 0, error);
}

bool yg_seat_take_tensors(yg_seat *seat, const void *const *inputs, yg_error *error) {
    for (size_t f = 0; f < seat->executable->feed_count; f++) {
        const yg_feed *feed = &seat->executable->feeds[f];
        const size_t count = (size_t)(seat->executable->batch * feed->width);
        if (!feed->data || count == 0)
            continue;
        if (!inputs[f])
            return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "input '%s' is NULL",
                           yg_model_port(seat->reading.model, feed->port)->name);
        if (!is_changed(&seat->data.encoding.ports[feed->port]))
            memcpy(feed->data, inputs[f], count * yg_dtype_size(feed->dtype));
        else if (!take_changed(seat, feed, inputs[f], error))
            return false;
    }
    return true;
}

bool yg_seat_take_rows(yg_seat *seat, const yg_cell *cells, yg_error *error) {
    if (!seat->reader)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "an example of the model is a window over several rows, or a sequence; give "
                       "tensors");
    seat->cells.given = (yg_records){seat->executable->batch, cells};
    seat->rows.count = 0;
    return yg_reader_next(seat->reader, &seat->rows, seat->executable->batch, error) >= 0;
}

/* Writes an output whose elements are told in the units of a port. */
static void give_in_units(const yg_seat *seat, size_t o, void *to) {
    const yg_result *output = &seat->executable->outputs[o];
    const yg_dtype dtype = output->type.dtype;
    const int64_t count = yg_type_count(&output->type);
    const int64_t width = yg_answer_width(&seat->outputs, seat->executable, o);
    for (int64_t i = 0; i < count; i++)
        yg_element_set(dtype, to, i,
                       yg_answer_in_units(&seat->outputs, o, i % width,
                                          yg_element_get(dtype, output->data, i)));
}

void yg_seat_give(const yg_seat *seat, void *const *outputs) {
    for (size_t o = 0; o < seat->executable->output_count; o++) {
        const yg_result *output = &seat->executable->outputs[o];
        if (!outputs[o])
            continue;
        if (seat->outputs.units[o] != SIZE_MAX)
            give_in_units(seat, o, outputs[o]);
        else
            memcpy(outputs[o], output->data, (size_t)yg_type_bytes(&output->type));
    }
}
