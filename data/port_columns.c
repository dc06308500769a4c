/*
 * The columns of a table as the ports read them: how each is encoded, and how many elements they
 * give together.
 */
#include "column.h"

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
        if (yg_reading_wants(reading, p) && !make_port(reading, table, p, &columns[p], error))
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

/* After a failure: adds which columns "*" came to, as many as fit. */
static bool fail_star(const yg_table *table, const yg_columns *columns, yg_origin origin,
                      yg_error *error) {
    const yg_error first = *error;
    char names[300] = "";
    size_t used = 0, shown = 0;
    for (; shown < columns->count; shown++) {
        const char *name = table->columns[columns->index[shown]];
        if (used + strlen(name) + 3 > sizeof names)
            break;
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%s", shown ? ", " : "", name);
    }
    *error = (yg_error){0};
    return yg_fail(error, first.code, origin, "%s: \"*\" is %s%s", first.message, names,
                   shown < columns->count ? ", …" : "");
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

bool yg_columns_bind(const yg_reading *reading, const yg_table *table, const yg_value *map,
                     yg_columns *columns, yg_error *error) {
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++) {
        const yg_port *port = yg_model_port(reading->model, p);
        const yg_value *value = map ? yg_value_get(map, port->name) : NULL;
        int64_t width;
        if (!yg_reading_wants(reading, p))
            continue;
        if (!place_elements(&columns[p], &width, error))
            return false;
        if (!yg_width_bind(reading, port, width, value ? value->origin : yg_table_heading(table, 0),
                           error))
            return value && value->kind == YG_SCALAR && strcmp(value->text, "*") == 0 &&
                           columns[p].count
                       ? fail_star(table, &columns[p], value->origin, error)
                       : false;
        if (reading->training && !reading->data->encoding.known &&
            !remember(table, &columns[p], &reading->data->encoding.ports[p], error))
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

int64_t yg_columns_used(const yg_columns *columns, size_t port_count, const yg_table *table,
                        const yg_records *records, int64_t begin) {
    bool drops = false;
    for (size_t p = 0; p < port_count; p++)
        for (size_t i = 0; i < columns[p].count && !drops; i++)
            drops = yg_missing_drops(columns[p].columns[i]);
    if (!drops)
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
