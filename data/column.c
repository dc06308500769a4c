/*
 * What all kinds of columns have in common: see column.h.
 */
#include "column.h"

#include <assert.h>
#include <math.h>
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

static bool read_options(yg_column *column, yg_error *error) {
    const yg_column_kind *kind = column->kind;
    yg_key keys[40] = {{"kind", false, NULL, NULL}};
    size_t count = 1;
    char what[300];
    if (!column->options || column->options->kind != YG_MAPPING)
        return true;
    yg_setting_keys(yg_missing_settings, YG_MISSING_SETTINGS, keys + count);
    count += YG_MISSING_SETTINGS;
    yg_setting_keys(yg_scale_settings, YG_SCALE_SETTINGS, keys + count);
    count += YG_SCALE_SETTINGS;
    assert(count + kind->setting_count <= sizeof keys / sizeof *keys);
    yg_setting_keys(kind->settings, kind->setting_count, keys + count);
    count += kind->setting_count;
    snprintf(what, sizeof what, "column '%.200s' (%s)", column->name, kind->name);
    return yg_value_check_keys(column->options, what, keys, count, error) &&
           yg_setting_read(column->options, kind->settings, kind->setting_count, column, error);
}

static const yg_value *entry_of_data(const yg_model *model, const char *key) {
    const yg_value *section = yg_model_section(model, "data");
    return section && section->kind == YG_MAPPING ? yg_value_get(section, key) : NULL;
}

/* How an example of the port has rows: those of a window, or of a sequence. */
static void note_rows(yg_column *column, const yg_model *model) {
    const yg_port *port = column->port;
    const yg_value *sequences = entry_of_data(model, "sequences");
    const bool ragged = sequences && port->rank > 1 && port->symbols[1];
    const bool windows = entry_of_data(model, "windows") && port->rank > 1;
    column->first = windows || ragged ? 2 : 1;
    column->sequence = ragged && sequences->kind == YG_MAPPING && !yg_value_get(sequences, "by");
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
    note_rows(column, request->model);
    column->encoding = &request->encoding->ports[request->port];
    column->options = options;
    column->name = request->name ? strdup(request->name) : NULL;
    if (request->name && !column->name)
        yg_fail_memory(error);
    else if (read_options(column, error) && (!kind->configure || kind->configure(column, error)) &&
             yg_missing_configure(column, error) && yg_scale_configure(column, error))
        return column;
    yg_column_free(column);
    return NULL;
}

void yg_column_free(yg_column *column) {
    if (!column)
        return;
    if (column->kind->free)
        column->kind->free(column);
    yg_missing_free(column);
    yg_scale_free(column);
    yg_document_free(column->document);
    free(column->wholes);
    free(column->name);
    free(column);
}

/* --------------------------------------------------------------------------------- encoding -- */

bool yg_column_begin(yg_column *column, const yg_reading *reading, size_t port, yg_error *error) {
    column->dtype = reading->dtype;
    column->kept = yg_value_is_kept(reading, port) && !column->scale;
    column->learning = reading->training && !reading->data->encoding.known;
    return !column->kind->begin || column->kind->begin(column, error);
}

/* Elements that the kind gives: all but the indicator. */
static int64_t own_width(const yg_column *column) {
    return column->kind->width ? column->kind->width(column) : 1;
}

int64_t yg_column_width(const yg_column *column) {
    return own_width(column) + yg_missing_indicates(column);
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

bool yg_column_can_share(const yg_column *column) {
    return column->kind->shared;
}

bool yg_column_is_costly(const yg_column *column) {
    return column->kind->costly;
}

/* Room for the whole numbers of some cells: `tile`, or the column's own if one cell has more. NULL
 * when out of memory. */
static int64_t *room_for(yg_column *column, int64_t *tile, int64_t width) {
    if (width <= TILE)
        return tile;
    if (!column->wholes)
        column->wholes = calloc((size_t)width, sizeof *column->wholes);
    return column->wholes;
}

const yg_element_kind *yg_column_held(const yg_column *column) {
    return column->scale || yg_missing_indicates(column) ? NULL : column->kind->held;
}

static bool is_picture_for_no_one(const yg_column *column, const yg_cell *cell) {
    return cell->kind == YG_CELL_BYTES && column->kind != &yg_column_image;
}

/* The cells before the first picture among those of a kind that would take it for a text. */
static yg_cells before_pictures(const yg_column *column, const yg_cells *cells) {
    yg_cells before = *cells;
    for (int64_t i = 0; column->kind->texts && i < before.count; i++)
        if (is_picture_for_no_one(column, yg_cell_at(cells, i)))
            before.count = i;
    return before;
}

/* Encodes cells by the kind alone. */
static int64_t encode_cells(yg_column *column, const yg_cells *all, const yg_elements *to,
                            int64_t at) {
    int64_t tile[TILE];
    const yg_cells before = before_pictures(column, all), *cells = &before;
    if (to->decoder)
        return column->kind->encode_held(
            column, cells, (char *)to->data + (size_t)at * (size_t)column->kind->held->size,
            (size_t)to->width);
    if (to->dtype == YG_F64)
        return column->kind->encode_floats(column, cells, (double *)to->data + at,
                                           (size_t)to->width);
    const int64_t width = own_width(column);
    const int64_t room = width > 0 && width < TILE ? TILE / width : 1;
    int64_t *wholes = room_for(column, tile, width);
    for (int64_t begin = 0; wholes && begin < cells->count; begin += room) {
        const int64_t left = cells->count - begin;
        const yg_cells some = {yg_cell_at(cells, begin), cells->stride, left < room ? left : room};
        const int64_t good = column->kind->encode_wholes(column, &some, wholes, (size_t)width);
        store_wholes(wholes, good, width, to, at + begin * to->width);
        if (good < some.count)
            return begin + good;
    }
    return wholes ? cells->count : 0;
}

/* The same with what stands for missing cells, which has an element of its own if it is indicated.
 */
static int64_t encode_filled(yg_column *column, const yg_cells *cells, const yg_elements *to,
                             int64_t at) {
    const yg_cell *filling = yg_missing_cell(column);
    const int64_t indicator = at + own_width(column), indicates = yg_missing_indicates(column);
    int64_t done = 0;
    for (int64_t i = 0; indicates && i < cells->count; i++)
        yg_element_set(to->dtype, to->data, indicator + i * to->width, 0);
    while (done < cells->count) {
        const yg_cells rest = {yg_cell_at(cells, done), cells->stride, cells->count - done};
        const yg_cells one = {filling, 0, 1};
        done += encode_cells(column, &rest, to, at + done * to->width);
        if (done == cells->count || !filling || !yg_cell_is_missing(yg_cell_at(cells, done)) ||
            encode_cells(column, &one, to, at + done * to->width) == 0)
            break;
        if (indicates)
            yg_element_set(to->dtype, to->data, indicator + done * to->width, 1);
        done++;
    }
    return done;
}

int64_t yg_column_encode(yg_column *column, const yg_cells *cells, const yg_elements *to,
                         int64_t at) {
    const int64_t count = column->missing ? encode_filled(column, cells, to, at)
                                          : encode_cells(column, cells, to, at);
    for (int64_t i = 0; column->scale && i < count; i++) {
        double *number = (double *)to->data + at + i * to->width;
        *number = yg_scale_apply(column, *number);
        if (!isfinite(*number))
            return i;
    }
    return count;
}

bool yg_column_encode_list(yg_column *column, const yg_cell *cell, yg_list *to) {
    const yg_cell *filling = yg_missing_cell(column);
    const int64_t first = to->count;
    if (!column->kind->encode_list(column, filling && yg_cell_is_missing(cell) ? filling : cell,
                                   to))
        return false;
    for (int64_t i = first; column->scale && i < to->count; i++) {
        to->numbers[i] = yg_scale_apply(column, to->numbers[i]);
        if (!isfinite(to->numbers[i]))
            return false;
    }
    return true;
}

/* The scale has no number for a cell that the kind encodes. */
static bool refuse_scale(const yg_column *column, const yg_cell *cell, const yg_place *place,
                         yg_error *error) {
    char where[300], value[61];
    yg_cell_text(cell, value, sizeof value);
    return yg_fail(
        error, YG_ERROR_DATA, place->origin,
        "%s: '%s' has no place on the scale '%s'; log takes numbers above 0, log1p above "
        "-1",
        yg_place_text(place, column->port, where, sizeof where), value,
        yg_value_get(column->options, "scale")->text);
}

/* What stands for a missing cell is no value of the column. */
static bool refuse_filling(const yg_column *column, const yg_cell *filling, yg_error *error) {
    char text[61];
    yg_cell_text(filling, text, sizeof text);
    return yg_fail(error, YG_ERROR_DATA, yg_value_get(column->options, "missing")->origin,
                   "'%s' cannot stand for the missing cells of column '%s': it is no %s there; "
                   "`missing` is mean, median, most_frequent, drop or a value",
                   text, column->name, column->kind->name);
}

/* What is encoded for a cell: the cell itself, or what stands for a missing one. */
static const yg_cell *encoded_cell(yg_column *column, const yg_cell *cell) {
    const yg_cell *filling = yg_missing_cell(column);
    return filling && column->kind->check(column, cell) == YG_FAULT_MISSING ? filling : cell;
}

static bool has_no_place(const yg_column *column, const yg_cell *cell) {
    double number;
    return column->scale && !yg_scale_learns(column) && yg_cell_number(cell, &number) &&
           !isfinite(yg_scale_apply(column, number));
}

static bool refuse_picture(const yg_column *column, const yg_cell *cell, const yg_place *place,
                           yg_error *error) {
    char where[300];
    if (!yg_cell_is_picture(cell))
        return yg_fail(error, YG_ERROR_DATA, place->origin,
                       "%s: a BLOB that is no PNG or JPEG file; a column that is read has numbers, "
                       "texts or pictures",
                       yg_place_text(place, column->port, where, sizeof where));
    return yg_fail(error, YG_ERROR_DATA, place->origin,
                   "%s: a BLOB with a picture is no %s; `columns: {%.100s: image}` reads pictures, "
                   "or leave the column out",
                   yg_place_text(place, column->port, where, sizeof where), column->kind->name,
                   column->name ? column->name : column->port->name);
}

/* A row that training would have left out. */
static bool refuse_dropped(const yg_column *column, const yg_place *place, yg_error *error) {
    char where[300];
    return yg_fail(
        error, YG_ERROR_DATA, place->origin,
        "%s: a missing value; the model was trained without such rows (`missing: drop`), "
        "so it has no answer for this one",
        yg_place_text(place, column->port, where, sizeof where));
}

int yg_column_check(yg_column *column, const yg_cell *cell) {
    if (is_picture_for_no_one(column, cell))
        return YG_FAULT_PICTURE;
    const yg_cell *encoded = encoded_cell(column, cell);
    const int fault = column->kind->check(column, encoded);
    if (fault != YG_FAULT_NONE)
        return encoded == cell ? fault : YG_FAULT_ALONE;
    return has_no_place(column, encoded) ? YG_FAULT_SCALE : YG_FAULT_NONE;
}

bool yg_column_refuse(yg_column *column, const yg_cell *cell, const yg_place *place, int *fault,
                      yg_error *error) {
    const int found = yg_column_check(column, cell);
    const yg_cell *encoded = encoded_cell(column, cell);
    if (fault)
        *fault = found;
    if (found == YG_FAULT_NONE)
        return yg_fail_memory(error);
    if (found == YG_FAULT_PICTURE)
        return refuse_picture(column, cell, place, error);
    if (found == YG_FAULT_MISSING && yg_missing_drops(column))
        return refuse_dropped(column, place, error);
    if (found == YG_FAULT_SCALE)
        return refuse_scale(column, encoded, place, error);
    return encoded == cell ? column->kind->refuse(column, cell, found, place, error)
                           : refuse_filling(column, encoded, error);
}

/* --------------------------------------------------------------------------------- learning -- */

static bool kind_learns(const yg_column *column) {
    return column->kind->learns && column->kind->learns(column);
}

bool yg_column_learns(const yg_column *column) {
    return kind_learns(column) || yg_missing_learns(column) || yg_scale_learns(column);
}

/* Takes in cells that have a value. */
static int64_t learn_cells(yg_column *column, const yg_cells *all) {
    const yg_cells before = before_pictures(column, all), *cells = &before;
    const bool missing = yg_missing_learns(column), scale = yg_scale_learns(column);
    const int64_t count = kind_learns(column) ? column->kind->learn(column, cells) : cells->count;
    for (int64_t i = 0; (missing || scale) && i < count; i++)
        if ((missing && !yg_missing_learn(column, yg_cell_at(cells, i))) ||
            (scale && !yg_scale_learn(column, yg_cell_at(cells, i))))
            return i;
    return count;
}

int64_t yg_column_learn(yg_column *column, const yg_cells *cells) {
    const yg_cell *filling = yg_missing_cell(column);
    int64_t done = 0;
    while (done < cells->count) {
        int64_t count = 0;
        while (done + count < cells->count && !yg_cell_is_missing(yg_cell_at(cells, done + count)))
            count++;
        const yg_cells some = {yg_cell_at(cells, done), cells->stride, count};
        const int64_t good = count ? learn_cells(column, &some) : 0;
        done += good;
        if (good < count || done == cells->count)
            break;
        /* A value that the options name is one of the column's. */
        const yg_cells one = {filling, 0, 1};
        if (filling ? kind_learns(column) && column->kind->learn(column, &one) == 0
                    : !column->missing)
            break;
        done++;
    }
    return done;
}

bool yg_column_settle(yg_column *column, yg_error *error) {
    return (!kind_learns(column) || column->kind->settle(column, error)) &&
           (!yg_missing_learns(column) || yg_missing_settle(column, error)) &&
           (!yg_scale_learns(column) || yg_scale_settle(column, error));
}

/* ------------------------------------------------------------------------------------ units -- */

/* The column that gives element `i` of an example, if it has a scale. */
static const yg_column *scaled(const yg_port_encoding *encoding, int64_t i) {
    for (size_t c = 0; encoding->encoders && c < encoding->column_count && i >= 0; c++) {
        const yg_column *column = encoding->encoders[c];
        const int64_t width = column ? yg_column_width(column) : 1;
        if (i < width)
            return column && column->scale && i < own_width(column) ? column : NULL;
        i -= width;
    }
    return NULL;
}

double yg_encoding_in_units(const yg_port_encoding *encoding, int64_t i, double value) {
    const double number =
        encoding->mean ? value * encoding->deviation[i] + encoding->mean[i] : value;
    const yg_column *column = scaled(encoding, i);
    return column ? yg_scale_invert(column, number) : number;
}

yg_inverse yg_encoding_inverse(const yg_port_encoding *encoding, int64_t i) {
    yg_inverse inverse = {.way = YG_INVERSE_LINEAR,
                          .factor = encoding->mean ? encoding->deviation[i] : 1,
                          .offset = encoding->mean ? encoding->mean[i] : 0};
    const yg_column *column = scaled(encoding, i);
    if (column)
        yg_scale_inverse(column, &inverse);
    return inverse;
}

int64_t yg_encoding_width(const yg_port_encoding *encoding) {
    int64_t width = 0;
    for (size_t c = 0; c < encoding->column_count; c++)
        width += encoding->encoders && encoding->encoders[c]
                     ? yg_column_width(encoding->encoders[c])
                     : 1;
    return encoding->mean ? encoding->width : width;
}

bool yg_encoding_has_units(const yg_port_encoding *encoding) {
    bool has = encoding->mean != NULL;
    for (size_t c = 0; !has && encoding->encoders && c < encoding->column_count; c++)
        has = encoding->encoders[c] && encoding->encoders[c]->scale;
    return has;
}

/* ------------------------------------------------------------------------------------ names -- */

const char *yg_column_element(const yg_column *column, int64_t i, char *text, size_t size) {
    if (i >= own_width(column)) {
        snprintf(text, size, "%s is missing", column->name);
        return text;
    }
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
