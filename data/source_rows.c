/*
 * The source of examples that the model file itself holds: `train: {x: [[0, 0], [0, 1]], y: [[0],
 * [1]]}`. The nesting of the lists is the port's shape, the batch first.
 */
#include "column.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Binds the dimensions to the lengths of the first lists. */
static bool measure(const yg_reading *reading, const yg_port *port, const yg_value *rows,
                    yg_error *error) {
    const yg_value *value = rows;
    for (int d = 1; d < port->rank; d++) {
        if (!value->count || value->items[0]->kind != YG_SEQUENCE) {
            char found[80];
            return yg_fail(error, YG_ERROR_SHAPE,
                           value->count ? value->items[0]->origin : value->origin,
                           "'%s' has %d dimensions, so a list is expected here; found %s",
                           port->name, port->rank,
                           value->count ? yg_value_describe(value->items[0], found, sizeof found)
                                        : "an empty list");
        }
        value = value->items[0];
        if (!yg_dimension_bind(reading, port, d, (int64_t)value->count, value->origin, error))
            return false;
    }
    return true;
}

typedef struct rows_state {
    const yg_value *part;
    size_t port_count;
    yg_column **columns; /* of each port: how its elements are read */
    int64_t count;       /* examples */
    int64_t at;          /* examples given out so far */
} rows_state;

/* Checks that a port has as many examples as the ports before it. */
static bool check_port(const yg_reading *reading, const yg_port *port, rows_state *state,
                       yg_error *error) {
    const yg_value *rows = yg_value_get(state->part, port->name);
    char found[80];
    if (!rows)
        return yg_fail(error, YG_ERROR_DATA, state->part->origin,
                       "no rows for %s '%s' (and no `csv:` or `arrays:` to read them from)",
                       port->target ? "target" : "input", port->name);
    if (rows->kind != YG_SEQUENCE || !rows->count)
        return yg_fail(
            error, YG_ERROR_DATA, rows->origin,
            "'%s' must be a list of examples, as there is no `csv:`; found %s", port->name,
            rows->count || rows->kind == YG_SCALAR ? yg_value_describe(rows, found, sizeof found)
                                                   : "an empty list");
    if (state->count && (int64_t)rows->count != state->count)
        return yg_fail(error, YG_ERROR_DATA, rows->origin,
                       "'%s' has %zu examples; the ones before have %" PRId64, port->name,
                       rows->count, state->count);
    state->count = (int64_t)rows->count;
    return measure(reading, port, rows, error);
}

static void close_rows(void *opaque) {
    rows_state *state = opaque;
    for (size_t p = 0; state->columns && p < state->port_count; p++)
        yg_column_free(state->columns[p]);
    free(state->columns);
    free(state);
}

static bool open_port(const yg_reading *reading, rows_state *state, size_t p, yg_error *error) {
    const yg_port *port = yg_model_port(reading->model, p);
    if (!check_port(reading, port, state, error))
        return false;
    const yg_column_request request = {.model = reading->model,
                                       .encoding = &reading->data->encoding,
                                       .port = p,
                                       .alone = yg_port_is_label(reading->data, port)};
    state->columns[p] = yg_column_new(&request, NULL, error);
    return state->columns[p] && yg_column_begin(state->columns[p], reading, p, error);
}

static void *open_rows(const yg_reading *reading, const yg_value *part, yg_error *error) {
    const size_t ports = yg_model_port_count(reading->model);
    rows_state *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    *state = (rows_state){
        .part = part, .port_count = ports, .columns = calloc(ports + 1, sizeof(yg_column *))};
    bool good = state->columns || yg_fail_memory(error);
    for (size_t p = 0; good && p < ports; p++)
        good = !yg_reading_wants(reading, p) || open_port(reading, state, p, error);
    if (good)
        return state;
    close_rows(state);
    return NULL;
}

/* One port's example, being read. */
typedef struct filling {
    const yg_reading *reading;
    const yg_port *port;
    yg_column *column;
    const yg_elements *to;
    int64_t at; /* the next element */
    yg_error *error;
} filling;

static bool fill_scalar(filling *in, const yg_value *value) {
    const yg_place place = {.origin = value->origin};
    const yg_cell cell = {
        .kind = YG_CELL_TEXT, .size = (uint32_t)strlen(value->text), .text = value->text};
    const yg_cells cells = {&cell, 1, 1};
    char found[80];
    if (value->kind != YG_SCALAR)
        return yg_fail(in->error, YG_ERROR_SHAPE, value->origin,
                       "'%s': a number is expected here; found %s", in->port->name,
                       yg_value_describe(value, found, sizeof found));
    if (value->quoted && !in->column->kind->texts)
        return yg_fail(in->error, YG_ERROR_DATA, value->origin,
                       "'%s' must be a number; found the text '%.60s'", in->port->name,
                       value->text);
    return yg_column_encode(in->column, &cells, in->to, in->at++) == 1 ||
           yg_column_refuse(in->column, &cell, &place, NULL, in->error);
}

/* A list at dimension `d` of the port. Nesting is as deep as the rank, so at most 8. */
static bool fill_list(filling *in, const yg_value *value, int d) {
    const yg_port *port = in->port;
    char found[80];
    if (d == port->rank)
        return fill_scalar(in, value);
    if (value->kind != YG_SEQUENCE)
        return yg_fail(in->error, YG_ERROR_SHAPE, value->origin,
                       "'%s' has %d dimensions, so a list is expected here; found %s", port->name,
                       port->rank, yg_value_describe(value, found, sizeof found));
    if (!yg_dimension_bind(in->reading, port, d, (int64_t)value->count, value->origin, in->error))
        return false;
    for (size_t i = 0; i < value->count; i++)
        if (!fill_list(in, value->items[i], d + 1))
            return false;
    return true;
}

static int64_t next_rows(void *opaque, const yg_reading *reading, const yg_dataset *chunk,
                         int64_t limit, yg_error *error) {
    rows_state *state = opaque;
    const int64_t left = state->count - state->at, count = left < limit ? left : limit;
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++) {
        if (!state->columns[p])
            continue;
        const yg_value *rows = yg_value_get(state->part, yg_model_port(reading->model, p)->name);
        filling in = {.reading = reading,
                      .port = yg_model_port(reading->model, p),
                      .column = state->columns[p],
                      .to = &chunk->ports[p],
                      .error = error};
        for (int64_t i = 0; i < count; i++)
            if (!fill_list(&in, rows->items[state->at + i], 1))
                return -1;
    }
    state->at += count;
    return count;
}

static bool finish(void *opaque, const yg_reading *reading, const yg_dataset *dataset,
                   yg_error *error) {
    const rows_state *state = opaque;
    (void)reading;
    for (size_t p = 0; p < state->port_count; p++) {
        yg_column *column = state->columns[p];
        if (column && column->kind->finish &&
            !column->kind->finish(column, &dataset->ports[p], dataset->count, error))
            return false;
    }
    return true;
}

const yg_source yg_source_rows = {
    .open = open_rows,
    .next = next_rows,
    .finish = finish,
    .close = close_rows,
};
