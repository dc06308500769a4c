/*
 * The source of tables: the records of a file as examples, by the columns of each port.
 */
#include "source.h"

#include <stdlib.h>
#include <string.h>

typedef struct table_state {
    yg_table *table;
    char *path; /* owned; the table's name points to it. NULL: the name is the caller's */
    size_t port_count;
    yg_columns *columns;
    int64_t count; /* records so far */
    char *text;    /* a cell's, with a NUL */
    size_t room;
} table_state;

static void close_table(void *opaque) {
    table_state *state = opaque;
    for (size_t p = 0; state->columns && p < state->port_count; p++)
        free(state->columns[p].index);
    free(state->columns);
    yg_table_close(state->table);
    free(state->path);
    free(state->text);
    free(state);
}

void *yg_table_source_new(const yg_reading *reading, const yg_table_kind *kind,
                          const yg_table_request *request, const yg_value *map, yg_error *error) {
    table_state *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    yg_table_request own = *request;
    state->port_count = yg_model_port_count(reading->model);
    state->columns = calloc(state->port_count + 1, sizeof *state->columns);
    if (!own.name)
        own.name = state->path = strdup(request->path);
    if (!state->columns || !own.name)
        yg_fail_memory(error);
    else
        state->table = yg_table_open(kind, &own, error);
    if (state->table && yg_columns_choose(reading, state->table, map, state->columns, error))
        return state;
    close_table(state);
    return NULL;
}

static void *open_table(const yg_reading *reading, const yg_value *part, yg_error *error) {
    const yg_table_kind *kind = yg_table_kind_of(part);
    const yg_value *value = yg_value_get(part, kind->key);
    char *path = yg_source_path(reading, value, kind->key, error);
    if (!path)
        return NULL;
    const yg_table_request request = {.path = path, .origin = value->origin, .part = part};
    void *state = yg_table_source_new(reading, kind, &request, part, error);
    free(path);
    return state;
}

/* A cell's text with a NUL behind it; NULL when out of memory. */
static const char *text_of(table_state *state, const yg_cell *cell) {
    if (cell->size >= state->room) {
        const size_t room = 2 * (size_t)cell->size + 100;
        char *grown = realloc(state->text, room);
        if (!grown)
            return NULL;
        state->text = grown;
        state->room = room;
    }
    memcpy(state->text, cell->text, cell->size);
    state->text[cell->size] = '\0';
    return state->text;
}

/* Stores record number `record` of the table's last records as example `row` of a chunk. */
static bool read_record(table_state *state, const yg_reading *reading, const yg_records *records,
                        int64_t record, const yg_dataset *chunk, int64_t row, yg_error *error) {
    const yg_cell *cells = records->cells + (size_t)record * state->table->column_count;
    for (size_t p = 0; p < state->port_count; p++) {
        const yg_columns *columns = &state->columns[p];
        const yg_elements *to = &chunk->ports[p];
        for (size_t i = 0; i < columns->count; i++) {
            const size_t column = columns->index[i];
            const yg_place place = yg_table_place(state->table, record, column);
            const char *text = text_of(state, &cells[column]);
            if (!text)
                return yg_fail_memory(error);
            if (!yg_value_store(reading, p, text, &place, to, row * to->width + (int64_t)i, error))
                return false;
        }
    }
    return true;
}

static int64_t next_examples(void *opaque, const yg_reading *reading, const yg_dataset *chunk,
                             int64_t limit, yg_error *error) {
    table_state *state = opaque;
    int64_t count = 0;
    while (count < limit) {
        yg_records records;
        if (count > 0 && reading->eager && yg_table_waits(state->table))
            break;
        const int64_t got =
            yg_table_next(state->table, limit - count, reading->eager, &records, error);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        for (int64_t i = 0; i < got; i++)
            if (!read_record(state, reading, &records, i, chunk, count + i, error))
                return -1;
        count += got;
    }
    state->count += count;
    if (!state->count && !reading->inputs_only) {
        yg_fail(error, YG_ERROR_DATA, (yg_origin){state->table->name, 0, 0},
                "the file has column names, but no rows");
        return -1;
    }
    return count;
}

static bool waits(void *opaque) {
    return yg_table_waits(((table_state *)opaque)->table);
}

static bool allow_stop(void *opaque) {
    return yg_table_allow_stop(((table_state *)opaque)->table);
}

static void stop(void *opaque) {
    yg_table_stop(((table_state *)opaque)->table);
}

const yg_source yg_source_table = {
    .open = open_table,
    .next = next_examples,
    .waits = waits,
    .allow_stop = allow_stop,
    .stop = stop,
    .close = close_table,
};
