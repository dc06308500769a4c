/*
 * The source of examples that the model file itself holds: `train: {x: [[0, 0], [0, 1]], y: [[0],
 * [1]]}`. The nesting of the lists is the port's shape, the batch first.
 */
#include "source.h"

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
    int64_t count; /* examples */
    int64_t at;    /* examples given out so far */
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

static void *open_rows(const yg_reading *reading, const yg_value *part, yg_error *error) {
    rows_state *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    state->part = part;
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++)
        if (!check_port(reading, yg_model_port(reading->model, p), state, error)) {
            free(state);
            return NULL;
        }
    return state;
}

/* One port's example, being read. */
typedef struct filling {
    const yg_reading *reading;
    size_t port;
    const yg_elements *to;
    int64_t at; /* the next element */
    yg_error *error;
} filling;

static bool fill_scalar(filling *in, const yg_value *value) {
    const yg_place place = {.origin = value->origin};
    char found[80];
    if (value->kind != YG_SCALAR)
        return yg_fail(in->error, YG_ERROR_SHAPE, value->origin,
                       "'%s': a number is expected here; found %s",
                       yg_model_port(in->reading->model, in->port)->name,
                       yg_value_describe(value, found, sizeof found));
    if (value->quoted && !in->reading->labels[in->port].port)
        return yg_fail(in->error, YG_ERROR_DATA, value->origin,
                       "'%s' must be a number; found the text '%.60s'",
                       yg_model_port(in->reading->model, in->port)->name, value->text);
    return yg_value_store(in->reading, in->port, value->text, &place, in->to, in->at++, in->error);
}

/* A list at dimension `d` of the port. Nesting is as deep as the rank, so at most 8. */
static bool fill_list(filling *in, const yg_value *value, int d) {
    const yg_port *port = yg_model_port(in->reading->model, in->port);
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
        const yg_value *rows = yg_value_get(state->part, yg_model_port(reading->model, p)->name);
        filling in = {reading, p, &chunk->ports[p], 0, error};
        for (int64_t i = 0; i < count; i++)
            if (!fill_list(&in, rows->items[state->at + i], 1))
                return -1;
    }
    state->at += count;
    return count;
}

const yg_source yg_source_rows = {
    .open = open_rows,
    .next = next_rows,
    .close = free,
};
