/*
 * The table `csv: PATH`: a CSV file with a header, see csv.h.
 */
#include "csv.h"
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct csv_table {
    yg_table table;
    yg_csv *csv;
    FILE *own; /* NULL: the file is the caller's */
    char delimiter;
    int64_t room;     /* records that there are cells and places for */
    yg_cell *cells;   /* [room, columns] */
    yg_place *places; /* as `cells` */
    char *text;       /* of the cells */
    size_t used, capacity;
    yg_error failure; /* of the record behind those that were given last; its code is YG_OK: none */
} csv_table;

static void close_csv(yg_table *table) {
    csv_table *state = (csv_table *)table;
    yg_csv_close(state->csv);
    if (state->own)
        fclose(state->own);
    free(state->cells);
    free(state->places);
    free(state->text);
    free(state);
}

/* The delimiter that the part asks for: a comma without. */
static bool read_delimiter(const yg_value *part, char *delimiter, yg_error *error) {
    const yg_value *value = part ? yg_value_get(part, "delimiter") : NULL;
    const char *text;
    *delimiter = ',';
    if (!value)
        return true;
    if (!yg_value_text(value, "`delimiter`", &text, error))
        return false;
    if (strcmp(text, "tab") == 0)
        text = "\t";
    if (strlen(text) != 1 || strchr("\"\n\r", text[0]) || (unsigned char)text[0] >= 0x80)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`delimiter` is one character, such as \";\", or tab; found '%s'", text);
    *delimiter = text[0];
    return true;
}

static bool begin(csv_table *state, const yg_table_request *request, yg_error *error) {
    FILE *file = request->file;
    if (!read_delimiter(request->part, &state->delimiter, error))
        return false;
    if (request->delimiter)
        state->delimiter = request->delimiter;
    if (!file && !(file = state->own = fopen(request->path, "rb")))
        return yg_fail(error, YG_ERROR_IO, request->origin, "cannot open '%s': %s", request->path,
                       strerror(errno));
    state->csv = yg_csv_open(file, request->name, state->delimiter, error);
    if (!state->csv)
        return false;
    state->table.column_count = yg_csv_column_count(state->csv);
    state->table.columns = yg_csv_columns(state->csv);
    return true;
}

static yg_table *open_csv(const yg_table_request *request, yg_error *error) {
    csv_table *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    state->table.kind = &yg_table_csv;
    state->table.name = request->name;
    if (begin(state, request, error))
        return &state->table;
    close_csv(&state->table);
    return NULL;
}

/* Makes room for one more record. */
static bool grow(csv_table *state, int64_t count) {
    const size_t columns = state->table.column_count;
    if (count < state->room)
        return true;
    const size_t room = state->room ? 2 * (size_t)state->room : 8;
    if (room > SIZE_MAX / sizeof(yg_place) / columns)
        return false;
    yg_cell *cells = realloc(state->cells, room * columns * sizeof *cells);
    state->cells = cells ? cells : state->cells;
    yg_place *places = cells ? realloc(state->places, room * columns * sizeof *places) : NULL;
    state->places = places ? places : state->places;
    state->room = places ? (int64_t)room : state->room;
    return places != NULL;
}

/* Copies the text of a cell; its offset stands for its address until all are there. */
static bool keep_text(csv_table *state, yg_cell *cell, const char *text) {
    const size_t size = strlen(text);
    if (size > state->capacity - state->used) {
        const size_t capacity = 2 * state->capacity + size + 1024;
        char *grown = realloc(state->text, capacity);
        if (!grown)
            return false;
        state->text = grown;
        state->capacity = capacity;
    }
    memcpy(state->text + state->used, text, size);
    *cell = (yg_cell){.kind = YG_CELL_TEXT, .size = (uint32_t)size, .whole = (int64_t)state->used};
    state->used += size;
    return true;
}

static bool keep_record(csv_table *state, int64_t count) {
    const size_t columns = state->table.column_count;
    if (!grow(state, count))
        return false;
    for (size_t c = 0; c < columns; c++) {
        const size_t at = (size_t)count * columns + c;
        state->places[at] =
            (yg_place){.origin = yg_csv_cell_origin(state->csv, c), .row = yg_csv_row(state->csv)};
        if (!keep_text(state, &state->cells[at], yg_csv_cell(state->csv, c)))
            return false;
    }
    return true;
}

static int64_t next_records(yg_table *table, int64_t limit, bool eager, yg_records *records,
                            yg_error *error) {
    csv_table *state = (csv_table *)table;
    int64_t count = 0;
    state->used = 0;
    while (count < limit && !state->failure.code) {
        if (count > 0 && (state->used > 1 << 20 || (eager && !yg_csv_ready(state->csv))))
            break;
        const yg_csv_status status = yg_csv_next(state->csv, &state->failure);
        if (status == YG_CSV_END)
            break;
        if (status == YG_CSV_ROW && !keep_record(state, count))
            yg_fail_memory(&state->failure);
        count += !state->failure.code;
    }
    for (size_t i = 0; i < (size_t)count * table->column_count; i++)
        state->cells[i].text = state->text + state->cells[i].whole;
    if (!count && state->failure.code) {
        yg_fail_as(error, &state->failure);
        return -1;
    }
    *records = (yg_records){count, state->cells};
    return count;
}

static yg_place place(const yg_table *table, int64_t record, size_t column) {
    return ((const csv_table *)table)->places[(size_t)record * table->column_count + column];
}

static yg_origin heading(const yg_table *table, size_t column) {
    return yg_csv_heading(((const csv_table *)table)->csv, column);
}

static const char *advice(const yg_table *table, char *text, size_t size) {
    if (table->column_count != 1 || !strpbrk(table->columns[0], ";\t|,"))
        return NULL;
    snprintf(text, size, ": its first line holds one name, '%s'; is '%c' the right delimiter?",
             table->columns[0], ((const csv_table *)table)->delimiter);
    return text;
}

static bool waits(yg_table *table) {
    const csv_table *state = (csv_table *)table;
    return !state->failure.code && !yg_csv_ready(state->csv);
}

static bool allow_stop(yg_table *table) {
    return yg_csv_allow_stop(((csv_table *)table)->csv);
}

static void stop(yg_table *table) {
    yg_csv_stop(((csv_table *)table)->csv);
}

static const yg_key keys[] = {{"delimiter", false, NULL}};
static const char *const suffixes[] = {".csv", ".tsv", NULL};

const yg_table_kind yg_table_csv = {
    .key = "csv",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .suffixes = suffixes,
    .open = open_csv,
    .next = next_records,
    .place = place,
    .heading = heading,
    .advice = advice,
    .waits = waits,
    .allow_stop = allow_stop,
    .stop = stop,
    .close = close_csv,
};
