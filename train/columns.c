/*
 * Which columns of a CSV file belong to which port: see data.h.
 */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool add(yg_columns *columns, size_t index, yg_error *error) {
    size_t *grown = realloc(columns->index, (columns->count + 1) * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    columns->index = grown;
    grown[columns->count++] = index;
    return true;
}

static bool add_named(const yg_csv *csv, const char *name, yg_origin origin, yg_columns *columns,
                      yg_error *error) {
    const size_t index = yg_csv_find(csv, name);
    if (index == SIZE_MAX)
        return yg_csv_fail_column(csv, name, origin, error);
    for (size_t i = 0; i < columns->count; i++)
        if (columns->index[i] == index)
            return yg_fail(error, YG_ERROR_NAME, origin, "column '%s' is listed twice", name);
    return add(columns, index, error);
}

static bool is_star(const yg_value *value) {
    return value && value->kind == YG_SCALAR && strcmp(value->text, "*") == 0;
}

/* What the map says for a port, "*" apart: a column or a list of columns. */
static bool add_listed(const yg_csv *csv, const yg_value *value, const yg_port *port,
                       yg_columns *columns, yg_error *error) {
    if (value->kind == YG_SCALAR)
        return add_named(csv, value->text, value->origin, columns, error);
    if (value->kind != YG_SEQUENCE || !value->count) {
        char found[80];
        return yg_fail(error, YG_ERROR_DATA, value->origin,
                       "'%s' must name columns: one, a list, or \"*\"; found %s", port->name,
                       yg_value_describe(value, found, sizeof found));
    }
    for (size_t i = 0; i < value->count; i++) {
        const char *name;
        if (!yg_value_text(value->items[i], "a column's name", &name, error) ||
            !add_named(csv, name, value->items[i]->origin, columns, error))
            return false;
    }
    return true;
}

/* "*": every column that no other port of the map names. */
static bool add_rest(const yg_source *source, const yg_csv *csv, const yg_columns *all, size_t star,
                     yg_columns *columns, yg_error *error) {
    for (size_t c = 0; c < yg_csv_column_count(csv); c++) {
        bool named = false;
        for (size_t p = 0; p < yg_model_port_count(source->model); p++)
            for (size_t i = 0; p != star && i < all[p].count; i++)
                named = named || all[p].index[i] == c;
        if (!named && !add(columns, c, error))
            return false;
    }
    return true;
}

/* As the encoding remembers. */
static bool add_remembered(const yg_csv *csv, const yg_port_encoding *encoding, yg_columns *columns,
                           yg_error *error) {
    for (size_t i = 0; i < encoding->column_count; i++)
        if (!add_named(csv, encoding->columns[i], yg_csv_cell_origin(csv, 0), columns, error))
            return false;
    return true;
}

static size_t input_count(const yg_model *model) {
    size_t count = 0;
    for (size_t p = 0; p < yg_model_port_count(model); p++)
        count += !yg_model_port(model, p)->target;
    return count;
}

/* For a model that was trained on rows: `x` or `x.0`, `x.1`, …, or all there is. */
static bool add_by_default(const yg_source *source, const yg_csv *csv, const yg_port *port,
                           yg_columns *columns, yg_error *error) {
    const int64_t width = yg_port_width(source->data, port);
    char name[256];
    snprintf(name, sizeof name, width == 1 ? "%s" : "%s.0", port->name);
    if (yg_csv_find(csv, name) == SIZE_MAX && source->inputs_only &&
        input_count(source->model) == 1 &&
        (width < 0 || (size_t)width == yg_csv_column_count(csv))) {
        for (size_t c = 0; c < yg_csv_column_count(csv); c++)
            if (!add(columns, c, error))
                return false;
        return true;
    }
    for (int64_t i = 0; i < width || (width < 0 && i == 0); i++) {
        if (width != 1)
            snprintf(name, sizeof name, "%s.%lld", port->name, (long long)i);
        if (!add_named(csv, name, yg_csv_cell_origin(csv, 0), columns, error))
            return false;
    }
    return true;
}

/* Keeps the names that the training part was read by. */
static bool remember(const yg_csv *csv, const yg_columns *columns, yg_port_encoding *encoding,
                     yg_error *error) {
    encoding->columns = calloc(columns->count + 1, sizeof *encoding->columns);
    if (!encoding->columns)
        return yg_fail_memory(error);
    for (size_t i = 0; i < columns->count; i++) {
        encoding->columns[i] = strdup(yg_csv_columns(csv)[columns->index[i]]);
        if (!encoding->columns[i])
            return yg_fail_memory(error);
        encoding->column_count++;
    }
    return true;
}

static bool choose_port(const yg_source *source, const yg_csv *csv, const yg_value *map, size_t p,
                        yg_columns *out, yg_error *error) {
    const yg_port *port = yg_model_port(source->model, p);
    const yg_port_encoding *encoding = &source->data->encoding.ports[p];
    const yg_value *value = map ? yg_value_get(map, port->name) : NULL;
    if (value && !is_star(value))
        return add_listed(csv, value, port, &out[p], error);
    /* "*" of another part means the training part's columns, in their order. */
    if (!source->training && encoding->column_count)
        return add_remembered(csv, encoding, &out[p], error);
    if (value)
        return true; /* "*": after the others */
    if (!source->training)
        return add_by_default(source, csv, port, &out[p], error);
    return yg_fail(error, YG_ERROR_DATA, map ? map->origin : port->origin,
                   "no columns for %s '%s'; write `%s:` and a column's name, a list, or \"*\"",
                   port->target ? "target" : "input", port->name, port->name);
}

/* "*" for the one port that says so. */
static bool choose_rest(const yg_source *source, const yg_csv *csv, const yg_value *map,
                        yg_columns *out, yg_error *error) {
    size_t star = SIZE_MAX;
    for (size_t p = 0; map && p < yg_model_port_count(source->model); p++) {
        const yg_value *value = yg_value_get(map, yg_model_port(source->model, p)->name);
        if (!is_star(value) || out[p].count || !yg_source_wants(source, p))
            continue;
        if (star != SIZE_MAX)
            return yg_fail(error, YG_ERROR_DATA, value->origin,
                           "\"*\" can stand for one input or target only");
        star = p;
    }
    return star == SIZE_MAX || add_rest(source, csv, out, star, &out[star], error);
}

/* After a failure: adds which columns "*" came to, as many as fit. */
static bool fail_star(const yg_csv *csv, const yg_columns *columns, yg_origin origin,
                      yg_error *error) {
    const yg_error first = *error;
    char names[300] = "";
    size_t used = 0, shown = 0;
    for (; shown < columns->count; shown++) {
        const char *name = yg_csv_columns(csv)[columns->index[shown]];
        if (used + strlen(name) + 3 > sizeof names)
            break;
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%s", shown ? ", " : "", name);
    }
    *error = (yg_error){0};
    return yg_fail(error, first.code, origin, "%s: \"*\" is %s%s", first.message, names,
                   shown < columns->count ? ", …" : "");
}

bool yg_columns_choose(const yg_source *source, const yg_csv *csv, const yg_value *map,
                       yg_columns *out, yg_error *error) {
    const size_t ports = yg_model_port_count(source->model);
    for (size_t p = 0; p < ports; p++)
        if (yg_source_wants(source, p) && !choose_port(source, csv, map, p, out, error))
            return false;
    if (!choose_rest(source, csv, map, out, error))
        return false;
    for (size_t p = 0; p < ports; p++) {
        const yg_port *port = yg_model_port(source->model, p);
        const yg_value *value = map ? yg_value_get(map, port->name) : NULL;
        if (!yg_source_wants(source, p))
            continue;
        if (!yg_width_bind(source, port, (int64_t)out[p].count,
                           value ? value->origin : yg_csv_cell_origin(csv, 0), error))
            return is_star(value) && out[p].count ? fail_star(csv, &out[p], value->origin, error)
                                                  : false;
        if (source->training && !remember(csv, &out[p], &source->data->encoding.ports[p], error))
            return false;
    }
    return true;
}
