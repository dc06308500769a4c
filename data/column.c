/*
 * What all kinds of columns have in common: see column.h.
 */
#include "column.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 64 };

/* ---------------------------------------------------------------------------------- options -- */

const yg_value *yg_column_options(const yg_column_request *request) {
    const yg_value *section = yg_model_section(request->model, "data");
    const yg_value *columns = section ? yg_value_get(section, "columns") : NULL;
    const yg_value *own = columns && request->name ? yg_value_get(columns, request->name) : NULL;
    const yg_port *port = yg_model_port(request->model, request->port);
    return own || !columns || !request->name || port->target ? own : yg_value_get(columns, "*");
}

/* The kind that options ask for; NULL after a failure, or where *asked is false. */
static const yg_column_kind *kind_of(const yg_value *options, bool *asked, yg_error *error) {
    const yg_column_kind *const *kinds = yg_column_kinds();
    const yg_value *value =
        options && options->kind == YG_MAPPING ? yg_value_get(options, "kind") : options;
    const char *names[32] = {0};
    int index;
    *asked = value != NULL;
    if (!value)
        return NULL;
    for (size_t i = 0; kinds[i] && i + 1 < sizeof names / sizeof *names; i++)
        names[i] = kinds[i]->name;
    return yg_value_choice(value, "`kind`", names, &index, error) ? kinds[index] : NULL;
}

static bool check_options(const yg_column *column, yg_error *error) {
    yg_key keys[40] = {{"kind", false, NULL}};
    size_t count = 1;
    char what[300];
    if (!column->options || column->options->kind != YG_MAPPING)
        return true;
    for (size_t i = 0; i < column->kind->key_count && count < sizeof keys / sizeof *keys; i++)
        keys[count++] = column->kind->keys[i];
    snprintf(what, sizeof what, "column '%.200s' (%s)", column->name, column->kind->name);
    return yg_value_check_keys(column->options, what, keys, count, error);
}

yg_column *yg_column_new(const yg_column_request *request, const yg_value *options,
                         yg_error *error) {
    const yg_port *port = yg_model_port(request->model, request->port);
    bool asked;
    const yg_column_kind *kind = kind_of(options, &asked, error);
    if (!kind && asked)
        return NULL;
    if (!kind)
        kind = port->classes && request->alone ? &yg_column_label : &yg_column_number;
    yg_column *column = calloc(1, kind->size);
    if (!column) {
        yg_fail_memory(error);
        return NULL;
    }
    column->kind = kind;
    column->port = port;
    column->encoding = &request->encoding->ports[request->port];
    column->options = options;
    column->name = request->name ? strdup(request->name) : NULL;
    if (request->name && !column->name)
        yg_fail_memory(error);
    else if (check_options(column, error) && (!kind->configure || kind->configure(column, error)))
        return column;
    yg_column_free(column);
    return NULL;
}

void yg_column_free(yg_column *column) {
    if (!column)
        return;
    if (column->kind->free)
        column->kind->free(column);
    yg_document_free(column->document);
    free(column->name);
    free(column);
}

/* --------------------------------------------------------------------------------- encoding -- */

bool yg_column_begin(yg_column *column, const yg_reading *reading, size_t port, yg_error *error) {
    column->dtype = reading->dtype;
    column->kept = yg_value_is_kept(reading, port);
    column->learning = reading->training && !reading->data->encoding.known;
    return !column->kind->begin || column->kind->begin(column, error);
}

int64_t yg_column_width(const yg_column *column) {
    return column->kind->width ? column->kind->width(column) : 1;
}

/* Stores whole numbers, which fit the type: the kind has seen to that. */
static void store_wholes(const int64_t *values, int64_t count, int64_t width, const yg_elements *to,
                         int64_t at) {
    for (int64_t i = 0; i < count; i++, at += to->width)
        for (int64_t k = 0; k < width; k++) {
            const int64_t value = values[i * width + k];
            switch (to->dtype) {
            case YG_BOOL:
                ((unsigned char *)to->data)[at + k] = (unsigned char)value;
                break;
            case YG_I32:
                ((int32_t *)to->data)[at + k] = (int32_t)value;
                break;
            default:
                ((int64_t *)to->data)[at + k] = value;
            }
        }
}

int64_t yg_column_encode(yg_column *column, const yg_cells *cells, const yg_elements *to,
                         int64_t at) {
    int64_t tile[TILE];
    if (to->dtype == YG_F64)
        return column->kind->encode_floats(column, cells, (double *)to->data + at,
                                           (size_t)to->width);
    const int64_t width = yg_column_width(column);
    if (width > TILE)
        return 0; /* no kind gives so many whole numbers */
    const int64_t room = width > 0 ? TILE / width : TILE;
    for (int64_t begin = 0; begin < cells->count; begin += room) {
        const int64_t left = cells->count - begin;
        const yg_cells some = {yg_cell_at(cells, begin), cells->stride, left < room ? left : room};
        const int64_t good = column->kind->encode_wholes(column, &some, tile, (size_t)width);
        store_wholes(tile, good, width, to, at + begin * to->width);
        if (good < some.count)
            return begin + good;
    }
    return cells->count;
}

bool yg_column_refuse(yg_column *column, const yg_cell *cell, const yg_place *place, int *fault,
                      yg_error *error) {
    const int found = column->kind->check(column, cell);
    if (fault)
        *fault = found;
    return found == YG_FAULT_NONE ? yg_fail_memory(error)
                                  : column->kind->refuse(column, cell, found, place, error);
}

/* ------------------------------------------------------------------------------------ names -- */

const char *yg_column_element(const yg_column *column, int64_t i, char *text, size_t size) {
    if (column->kind->element)
        return column->kind->element(column, i, text, size);
    snprintf(text, size, "%s", column->name ? column->name : "");
    return text;
}

const char *yg_encoding_element(const yg_port_encoding *encoding, int64_t i, char *text,
                                size_t size) {
    text[0] = '\0';
    for (size_t c = 0; c < encoding->column_count && i >= 0; c++) {
        const yg_column *column = encoding->encoders ? encoding->encoders[c] : NULL;
        const int64_t width = column ? yg_column_width(column) : 1;
        if (i < width && column)
            yg_column_element(column, i, text, size);
        else if (i < width)
            snprintf(text, size, "%s", encoding->columns[c]);
        i -= width;
    }
    return text;
}
