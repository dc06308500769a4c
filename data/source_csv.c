/*
 * The source `csv: PATH`: records of a CSV file as examples, by the columns of each port.
 */
#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct csv_state {
    yg_csv *csv;
    FILE *file; /* NULL: the caller's */
    const char *name;
    char *path; /* owned; `name` points to it. NULL: `name` is the caller's */
    size_t port_count;
    yg_columns *columns;
} csv_state;

static void close_csv(void *opaque) {
    csv_state *state = opaque;
    for (size_t p = 0; state->columns && p < state->port_count; p++)
        free(state->columns[p].index);
    free(state->columns);
    yg_csv_close(state->csv);
    if (state->file)
        fclose(state->file);
    free(state->path);
    free(state);
}

/* Makes the state. Owns `own` (a file, or NULL) and `path` (or NULL) from now on, also after a
 * failure. */
static void *make(const yg_reading *reading, FILE *file, FILE *own, const char *name, char *path,
                  char delimiter, const yg_value *map, yg_error *error) {
    csv_state *state = calloc(1, sizeof *state);
    yg_columns *columns = calloc(yg_model_port_count(reading->model) + 1, sizeof *columns);
    if (!state || !columns) {
        free(state);
        free(columns);
        free(path);
        if (own)
            fclose(own);
        yg_fail_memory(error);
        return NULL;
    }
    *state = (csv_state){.file = own,
                         .name = name,
                         .path = path,
                         .port_count = yg_model_port_count(reading->model),
                         .columns = columns};
    state->csv = yg_csv_open(file, name, delimiter, error);
    if (state->csv && yg_columns_choose(reading, state->csv, map, columns, error))
        return state;
    close_csv(state);
    return NULL;
}

void *yg_csv_source_new(const yg_reading *reading, FILE *file, const char *name, char delimiter,
                        const yg_value *map, yg_error *error) {
    return make(reading, file, NULL, name, NULL, delimiter, map, error);
}

void *yg_csv_source_open(const yg_reading *reading, const char *path, yg_origin origin,
                         char delimiter, const yg_value *map, yg_error *error) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        yg_fail(error, YG_ERROR_IO, origin, "cannot open '%s': %s", path, strerror(errno));
        return NULL;
    }
    char *copy = strdup(path);
    if (!copy) {
        fclose(file);
        yg_fail_memory(error);
        return NULL;
    }
    return make(reading, file, file, copy, copy, delimiter, map, error);
}

bool yg_read_delimiter(const yg_value *map, char *delimiter, yg_error *error) {
    const yg_value *value = map ? yg_value_get(map, "delimiter") : NULL;
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

static void *open_csv(const yg_reading *reading, const yg_value *part, yg_error *error) {
    const yg_value *csv = yg_value_get(part, "csv");
    char delimiter;
    if (!yg_read_delimiter(part, &delimiter, error))
        return NULL;
    char *path = yg_source_path(reading, csv, "csv", error);
    if (!path)
        return NULL;
    void *state = yg_csv_source_open(reading, path, csv->origin, delimiter, part, error);
    free(path);
    return state;
}

static bool read_record(const csv_state *state, const yg_reading *reading, const yg_dataset *chunk,
                        int64_t row, yg_error *error) {
    for (size_t p = 0; p < state->port_count; p++) {
        const yg_columns *columns = &state->columns[p];
        const yg_elements *to = &chunk->ports[p];
        for (size_t i = 0; i < columns->count; i++) {
            const size_t column = columns->index[i];
            const yg_place place = {yg_csv_cell_origin(state->csv, column), yg_csv_row(state->csv),
                                    yg_csv_columns(state->csv)[column]};
            if (!yg_value_store(reading, p, yg_csv_cell(state->csv, column), &place, to,
                                row * to->width + (int64_t)i, error))
                return false;
        }
    }
    return true;
}

static int64_t next_records(void *opaque, const yg_reading *reading, const yg_dataset *chunk,
                            int64_t limit, yg_error *error) {
    const csv_state *state = opaque;
    int64_t count = 0;
    while (count < limit) {
        if (count > 0 && reading->eager && !yg_csv_ready(state->csv))
            break;
        const yg_csv_status status = yg_csv_next(state->csv, error);
        if (status == YG_CSV_FAILED)
            return -1;
        if (status == YG_CSV_END)
            break;
        if (!read_record(state, reading, chunk, count, error))
            return -1;
        count++;
    }
    if (!count && !yg_csv_row(state->csv) && !reading->inputs_only) {
        yg_fail(error, YG_ERROR_DATA, (yg_origin){state->name, 0, 0},
                "the file has column names, but no rows");
        return -1;
    }
    return count;
}

static bool waits(void *opaque) {
    return !yg_csv_ready(((csv_state *)opaque)->csv);
}

static bool allow_stop(void *opaque) {
    return yg_csv_allow_stop(((csv_state *)opaque)->csv);
}

static void stop(void *opaque) {
    yg_csv_stop(((csv_state *)opaque)->csv);
}

const yg_source yg_source_csv = {
    .key = "csv",
    .open = open_csv,
    .next = next_records,
    .waits = waits,
    .allow_stop = allow_stop,
    .stop = stop,
    .close = close_csv,
};
