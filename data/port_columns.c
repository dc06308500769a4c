/*
 * The columns of a table as the ports read them: how each is encoded, and how many elements they
 * give together.
 */
#include "column.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void yg_columns_free(yg_columns *columns) {
    for (size_t i = 0; columns->owned && columns->columns && i < columns->count; i++)
        yg_column_free(columns->columns[i]);
    if (columns->owned)
        free(columns->columns);
    free(columns->index);
    free(columns->at);
}

/* Makes the columns of a port. Those that training has made, or the weights remember, are used
 * again. */
static bool make_port(const yg_reading *reading, const yg_table *table, size_t p, yg_columns *out,
                      yg_error *error) {
    yg_port_encoding *encoding = &reading->data->encoding.ports[p];
    if (encoding->encoders && encoding->column_count == out->count) {
        out->columns = encoding->encoders;
        return true;
    }
    out->owned = true;
    out->columns = calloc(out->count + 1, sizeof(yg_column *));
    if (!out->columns)
        return yg_fail_memory(error);
    for (size_t i = 0; i < out->count; i++) {
        const yg_column_request request = {.model = reading->model,
                                           .encoding = &reading->data->encoding,
                                           .port = p,
                                           .name = table->columns[out->index[i]],
                                           .alone = out->count == 1};
        const yg_value *options = reading->training ? yg_column_options(&request) : NULL;
        out->columns[i] = yg_column_new(&request, options, error);
        if (!out->columns[i])
            return false;
    }
    return true;
}

/* Where cells are sequences, one column gives all of a port's, and its kind knows what they are. */
static bool check_sequences(const yg_reading *reading, const yg_table *table, size_t p,
                            const yg_columns *columns, yg_error *error) {
    const yg_column *first = columns->count ? columns->columns[0] : NULL;
    const yg_origin origin = reading->data->sequencing.origin;
    if (!first || !first->sequence)
        return true;
    if (columns->count > 1)
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "without `by`, a cell is a sequence, so '%s' reads one column; it has %zu",
                       yg_model_port(reading->model, p)->name, columns->count);
    if (yg_missing_indicates(first))
        return yg_fail(error, YG_ERROR_ARGUMENT, origin,
                       "column '%s': `indicator` is an element, which a sequence has no place for",
                       first->name);
    return first->kind->encode_list ||
           yg_fail(error, YG_ERROR_DATA, origin,
                   "column '%s' gives '%s' one value a row (kind: %s); sequences are the rows of a "
                   "table, with `by: COLUMN`, or cells of the kind text or list",
                   table->columns[columns->index[0]], yg_model_port(reading->model, p)->name,
                   first->kind->name);
}

/* Each entry of `columns:` must be of a column that the training part has. */
static bool check_entries(const yg_reading *reading, const yg_table *table, yg_error *error) {
    const yg_value *section = yg_model_section(reading->model, "data");
    const yg_value *columns = section ? yg_value_get(section, "columns") : NULL;
    for (size_t i = 0; columns && reading->training && i < columns->count; i++) {
        size_t index;
        if (strcmp(columns->keys[i]->text, "*") != 0 &&
            !yg_table_choose(table, columns->keys[i]->text, columns->keys[i]->origin, &index,
                             error))
            return false;
    }
    return true;
}

bool yg_columns_make(const yg_reading *reading, const yg_table *table, yg_columns *columns,
                     bool *learns, yg_error *error) {
    *learns = false;
    if (!check_entries(reading, table, error))
        return false;
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++) {
        if (yg_reading_wants(reading, p) &&
            (!make_port(reading, table, p, &columns[p], error) ||
             !check_sequences(reading, table, p, &columns[p], error)))
            return false;
        for (size_t i = 0; i < columns[p].count; i++) {
            yg_column *column = columns[p].columns[i];
            if (!yg_column_begin(column, reading, p, error))
                return false;
            *learns = *learns || (column->learning && yg_column_learns(column));
        }
    }
    return true;
}

/* Keeps the names and columns that the training part is read by. */
static bool remember(const yg_table *table, yg_columns *columns, yg_port_encoding *encoding,
                     yg_error *error) {
    encoding->columns = calloc(columns->count + 1, sizeof *encoding->columns);
    if (!encoding->columns)
        return yg_fail_memory(error);
    for (size_t i = 0; i < columns->count; i++) {
        encoding->columns[i] = strdup(table->columns[columns->index[i]]);
        if (!encoding->columns[i])
            return yg_fail_memory(error);
        encoding->column_count++;
    }
    encoding->encoders = columns->columns;
    columns->owned = false;
    return true;
}

/* After a failure: adds which columns there are, as many as fit, and how many elements each gives.
 */
static bool fail_columns(const yg_table *table, const yg_columns *columns, bool star,
                         yg_origin origin, yg_error *error) {
    const yg_error first = *error;
    char names[300] = "";
    size_t used = 0, shown = 0;
    for (; shown < columns->count; shown++) {
        const char *name = table->columns[columns->index[shown]];
        const int64_t width = yg_column_width(columns->columns[shown]);
        char elements[40] = "";
        if (width != 1)
            snprintf(elements, sizeof elements, " (%" PRId64 ")", width);
        if (used + strlen(name) + strlen(elements) + 3 > sizeof names)
            break;
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s%s", shown ? ", " : "",
                                 name, elements);
    }
    *error = (yg_error){0};
    return yg_fail(error, first.code, origin, "%s: %s%s%s", first.message, star ? "\"*\" is " : "",
                   names, shown < columns->count ? ", …" : "");
}

/* Where the elements of each column begin, and how many there are. */
static bool place_elements(yg_columns *columns, int64_t *width, yg_error *error) {
    *width = 0;
    columns->at = calloc(columns->count + 1, sizeof *columns->at);
    if (!columns->at)
        return yg_fail_memory(error);
    for (size_t i = 0; i < columns->count; i++) {
        const int64_t own = yg_column_width(columns->columns[i]);
        columns->at[i] = *width;
        if (own > INT64_MAX - *width)
            return yg_fail_memory(error);
        *width += own;
    }
    return true;
}

/* Binds the dimensions of a port to what its columns give. */
static bool bind_port(const yg_reading *reading, const yg_table *table, size_t p,
                      const yg_value *value, yg_columns *columns, yg_error *error) {
    const yg_port *port = yg_model_port(reading->model, p);
    const yg_origin origin = value ? value->origin : yg_table_heading(table, 0);
    const bool star = value && value->kind == YG_SCALAR && strcmp(value->text, "*") == 0;
    int64_t width;
    if (!place_elements(columns, &width, error))
        return false;
    const bool plain = width == (int64_t)columns->count;
    return yg_width_bind(reading, port, width, plain ? "column" : "number", origin, error) ||
           (columns->count && (star || !plain) &&
            fail_columns(table, columns, star, origin, error));
}

bool yg_columns_bind(const yg_reading *reading, const yg_table *table, const yg_value *map,
                     yg_columns *columns, yg_error *error) {
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++) {
        const yg_value *value =
            map ? yg_value_get(map, yg_model_port(reading->model, p)->name) : NULL;
        if (!yg_reading_wants(reading, p))
            continue;
        if (!bind_port(reading, table, p, value, &columns[p], error) ||
            (reading->training && !reading->data->encoding.known &&
             !remember(table, &columns[p], &reading->data->encoding.ports[p], error)))
            return false;
    }
    return true;
}

/* Whether a record is dropped, by one of the columns of a port. */
static bool is_dropped(const yg_columns *columns, const yg_cell *cells) {
    for (size_t i = 0; i < columns->count; i++)
        if (yg_missing_drops(columns->columns[i]) && yg_cell_is_missing(&cells[columns->index[i]]))
            return true;
    return false;
}

bool yg_columns_drop(const yg_columns *columns, size_t port_count) {
    for (size_t p = 0; p < port_count; p++)
        for (size_t i = 0; i < columns[p].count; i++)
            if (yg_missing_drops(columns[p].columns[i]))
                return true;
    return false;
}

int64_t yg_columns_used(const yg_columns *columns, size_t port_count, const yg_table *table,
                        const yg_records *records, int64_t begin) {
    if (!yg_columns_drop(columns, port_count))
        return records->count - begin;
    int64_t end = begin;
    for (bool used = true; used && end < records->count; end += used)
        for (size_t p = 0; p < port_count && used; p++)
            used = !is_dropped(&columns[p], records->cells + (size_t)end * table->column_count);
    return end - begin;
}

bool yg_columns_finish(const yg_reading *reading, const yg_columns *columns,
                       const yg_dataset *dataset, yg_error *error) {
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++)
        for (size_t i = 0; i < columns[p].count; i++) {
            yg_column *column = columns[p].columns[i];
            if (column->kind->finish &&
                !column->kind->finish(column, &dataset->ports[p], dataset->count, error))
                return false;
        }
    return true;
}
