/*
 * Which columns of a table belong to which port: see data.h.
 */
#include "../graph/number.h"
#include "column.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The state of choosing columns. */
typedef struct choice {
    const yg_reading *reading;
    const yg_table *table;
    const yg_value *map;
    yg_columns *out;
    size_t *user; /* of each column of the file: 1 + the port that it was given to last; 0: none */
    yg_error *error;
} choice;

static bool add(const choice *c, size_t p, size_t index) {
    yg_columns *columns = &c->out[p];
    if (columns->count == columns->capacity) {
        const size_t capacity = columns->capacity ? 2 * columns->capacity : 16;
        size_t *grown = realloc(columns->index, capacity * sizeof *grown);
        if (!grown)
            return yg_fail_memory(c->error);
        columns->index = grown;
        columns->capacity = capacity;
    }
    columns->index[columns->count++] = index;
    c->user[index] = p + 1;
    return true;
}

/* Adds the columns NAME.0, NAME.1, … of a list called NAME; *count is how many there are. */
static bool add_list(const choice *c, size_t p, const char *name, yg_origin origin, size_t *count) {
    for (*count = 0;; ++*count) {
        char element[300];
        snprintf(element, sizeof element, "%.270s.%zu", name, *count);
        const size_t index = yg_table_find(c->table, element);
        if (index == SIZE_MAX)
            return true;
        if (!yg_table_check_column(c->table, index, c->error))
            return false;
        if (c->user[index] == p + 1)
            return yg_fail(c->error, YG_ERROR_NAME, origin, "column '%s' is listed twice", element);
        if (!add(c, p, index))
            return false;
    }
}

static bool add_named(const choice *c, size_t p, const char *name, yg_origin origin) {
    size_t index, count = 0;
    if (*name && yg_table_find(c->table, name) == SIZE_MAX && !add_list(c, p, name, origin, &count))
        return false;
    if (count > 0)
        return true;
    if (!yg_table_choose(c->table, name, origin, &index, c->error))
        return false;
    if (c->user[index] == p + 1)
        return yg_fail(c->error, YG_ERROR_NAME, origin, "column '%s' is listed twice", name);
    return add(c, p, index);
}

static bool is_star(const yg_value *value) {
    return value && value->kind == YG_SCALAR && strcmp(value->text, "*") == 0;
}

/* Adds a column or a list of columns that the map gives to a port; "*" is add_rest()'s. */
static bool add_listed(const choice *c, size_t p, const yg_value *value) {
    if (value->kind == YG_SCALAR)
        return add_named(c, p, value->text, value->origin);
    if (value->kind != YG_SEQUENCE || !value->count) {
        char found[80];
        return yg_fail(c->error, YG_ERROR_DATA, value->origin,
                       "'%s' must name columns: one, a list, or \"*\"; found %s",
                       yg_model_port(c->reading->model, p)->name,
                       yg_value_describe(value, found, sizeof found));
    }
    for (size_t i = 0; i < value->count; i++) {
        const char *name;
        if (!yg_value_text(value->items[i], "a column's name", &name, c->error) ||
            !add_named(c, p, name, value->items[i]->origin))
            return false;
    }
    return true;
}

/* The mark of a column that `exclude:` names. */
static const size_t EXCLUDED = SIZE_MAX;

/* Marks the columns of a name, which several may have, or none of them a name. */
static bool exclude_name(const choice *c, const char *name, yg_origin origin) {
    size_t first = yg_table_find(c->table, name);
    for (size_t i = 0; !*name && first == SIZE_MAX && i < c->table->column_count; i++)
        first = *c->table->columns[i] ? SIZE_MAX : i;
    if (first == SIZE_MAX && !*name)
        return yg_fail(c->error, YG_ERROR_NAME, origin, "%s has no column without a name",
                       c->table->name);
    if (first == SIZE_MAX)
        return yg_table_choose(c->table, name, origin, &first, c->error);
    if (c->user[first] == EXCLUDED)
        return yg_fail(c->error, YG_ERROR_NAME, origin, "column '%s' is excluded twice", name);
    if (c->user[first])
        return yg_fail(c->error, YG_ERROR_NAME, origin,
                       "column '%s' is excluded, but '%s' reads it", name,
                       yg_model_port(c->reading->model, c->user[first] - 1)->name);
    const bool alone = *name && yg_table_check_column(c->table, first, NULL);
    for (size_t i = first; i < (alone ? first + 1 : c->table->column_count); i++)
        if (strcmp(c->table->columns[i], name) == 0)
            c->user[i] = EXCLUDED;
    return true;
}

static bool exclude(const choice *c) {
    const yg_value *value = c->map ? yg_value_get(c->map, "exclude") : NULL;
    const char *name;
    if (!value)
        return true;
    if (value->kind != YG_SEQUENCE)
        return yg_value_text(value, "`exclude`", &name, c->error) &&
               exclude_name(c, name, value->origin);
    for (size_t i = 0; i < value->count; i++)
        if (!yg_value_text(value->items[i], "a column's name", &name, c->error) ||
            !exclude_name(c, name, value->items[i]->origin))
            return false;
    return true;
}

/* "*": every column that no port of the map names. */
static bool add_rest(const choice *c, size_t p) {
    for (size_t i = 0; i < c->table->column_count; i++)
        if (!c->user[i] && (!yg_table_check_column(c->table, i, c->error) || !add(c, p, i)))
            return false;
    return true;
}

/* Adds the columns that the encoding remembers. */
static bool add_remembered(const choice *c, size_t p) {
    const yg_port_encoding *encoding = &c->reading->data->encoding.ports[p];
    for (size_t i = 0; i < encoding->column_count; i++)
        if (!add_named(c, p, encoding->columns[i], yg_table_heading(c->table, 0)))
            return false;
    return true;
}

/* A folder of pictures, and a text by lines, have columns whose names nobody chose. Where the data
 * are read of which the model was trained on a column by another name, a column of the same kind
 * stands in for it. SIZE_MAX: none does. */
static size_t stand_in(const choice *c, size_t p) {
    const yg_port_encoding *encoding = &c->reading->data->encoding.ports[p];
    const yg_column *column = encoding->encoders ? encoding->encoders[0] : NULL;
    const char *name = "";
    if (encoding->column_count != 1 || yg_table_find(c->table, encoding->columns[0]) != SIZE_MAX)
        return SIZE_MAX;
    if (strcmp(c->table->kind->key, yg_table_images.key) == 0)
        name = column && column->kind == &yg_column_image                                ? "image"
               : yg_port_is_label(c->reading->data, yg_model_port(c->reading->model, p)) ? "class"
                                                                                         : name;
    else if (strcmp(c->table->kind->key, yg_table_text.key) == 0 && column &&
             column->kind == &yg_column_text)
        name = "line";
    return yg_table_find(c->table, name);
}

static size_t input_count(const yg_model *model) {
    size_t count = 0;
    for (size_t p = 0; p < yg_model_port_count(model); p++)
        count += !yg_model_port(model, p)->target;
    return count;
}

/* How many columns are called x.0, x.1, … for a port x of a size that is not known yet. Fails where
 * one is missing among them, which would shift those behind it. */
static bool count_elements(const choice *c, const yg_port *port, int64_t *count) {
    const size_t length = strlen(port->name);
    int64_t largest = -1;
    for (size_t i = 0; i < c->table->column_count; i++) {
        const char *name = c->table->columns[i];
        int64_t number;
        if (strncmp(name, port->name, length) == 0 && name[length] == '.' &&
            yg_number_integer(name + length + 1, strlen(name + length + 1), &number) ==
                YG_WHOLE_EXACT &&
            number > largest)
            largest = number;
    }
    *count = 0;
    for (bool there = true; there && *count <= largest; *count += there) {
        char name[256];
        snprintf(name, sizeof name, "%s.%lld", port->name, (long long)*count);
        there = yg_table_find(c->table, name) != SIZE_MAX;
    }
    return *count > largest ||
           yg_fail(c->error, YG_ERROR_DATA, yg_table_heading(c->table, 0),
                   "there is a column '%s.%lld', but none '%s.%lld'", port->name,
                   (long long)largest, port->name, (long long)*count);
}

/* For a model that was trained on rows: `x.0`, `x.1`, …, or `x`, or all there is. */
static bool add_by_default(const choice *c, size_t p) {
    const yg_port *port = yg_model_port(c->reading->model, p);
    const size_t columns = c->table->column_count;
    int64_t width = yg_port_width(c->reading->data, port), numbered;
    if (!count_elements(c, port, &numbered))
        return false;
    const bool alone = yg_table_find(c->table, port->name) != SIZE_MAX;
    if (!numbered && !(alone && width <= 1) && c->reading->inputs_only &&
        input_count(c->reading->model) == 1 && (width < 0 || (size_t)width == columns)) {
        for (size_t i = 0; i < columns; i++)
            if (!add(c, p, i))
                return false;
        return true;
    }
    if (!numbered && (width < 0 || width == 1))
        return add_named(c, p, port->name, yg_table_heading(c->table, 0));
    /* One too many is told by yg_width_bind(), one too few here. */
    for (int64_t i = 0; i < (width < numbered ? numbered : width); i++) {
        char name[256];
        snprintf(name, sizeof name, "%s.%lld", port->name, (long long)i);
        if (!add_named(c, p, name, yg_table_heading(c->table, 0)))
            return false;
    }
    return true;
}

/* The columns as the weights remember them must be those that the section names. */
static bool check_same(const choice *c, size_t p, yg_origin origin) {
    const yg_port_encoding *encoding = &c->reading->data->encoding.ports[p];
    const yg_columns *columns = &c->out[p];
    for (size_t i = 0; i < columns->count || i < encoding->column_count; i++) {
        const char *is = i < columns->count ? c->table->columns[columns->index[i]] : "none";
        const char *was = i < encoding->column_count ? encoding->columns[i] : "none";
        if (strcmp(is, was) != 0)
            return yg_fail(c->error, YG_ERROR_DATA, origin,
                           "element %zu of '%s' is column '%s' here, but the weights were trained "
                           "with '%s' there",
                           i, yg_model_port(c->reading->model, p)->name, is, was);
    }
    return true;
}

static bool choose_port(const choice *c, size_t p) {
    const yg_port *port = yg_model_port(c->reading->model, p);
    const yg_port_encoding *encoding = &c->reading->data->encoding.ports[p];
    const yg_value *value = c->map ? yg_value_get(c->map, port->name) : NULL;
    const bool learning = c->reading->training && !c->reading->data->encoding.known;
    const size_t other = learning ? SIZE_MAX : stand_in(c, p);
    if (other != SIZE_MAX)
        return add(c, p, other);
    if (value && !is_star(value))
        return add_listed(c, p, value) && (!c->reading->training || !encoding->column_count ||
                                           check_same(c, p, value->origin));
    /* In other data than the training part, "*" stands for the columns of the training part, in
     * their order. */
    if (!learning && encoding->column_count)
        return add_remembered(c, p);
    if (value)
        return true; /* "*": after the others */
    if (!c->reading->training)
        return add_by_default(c, p);
    return yg_fail(c->error, YG_ERROR_DATA, c->map ? c->map->origin : port->origin,
                   "no columns for %s '%s'; write `%s:` and a column's name, a list, or \"*\"",
                   port->target ? "target" : "input", port->name, port->name);
}

/* Gives the columns of "*" to the one port that has it. In other data than the training part they
 * are known already. */
static bool choose_rest(const choice *c) {
    const yg_value *excluded = c->map ? yg_value_get(c->map, "exclude") : NULL;
    const yg_value *star = NULL;
    size_t port = 0;
    bool known = false;
    for (size_t p = 0; c->map && p < yg_model_port_count(c->reading->model); p++) {
        const yg_value *value = yg_value_get(c->map, yg_model_port(c->reading->model, p)->name);
        if (!is_star(value) || !yg_reading_wants(c->reading, p))
            continue;
        if (star)
            return yg_fail(c->error, YG_ERROR_DATA, value->origin,
                           "\"*\" can stand for one input or target only");
        known = known || c->out[p].count;
        star = c->out[p].count ? NULL : value;
        port = p;
    }
    if (excluded && !star && !known)
        return yg_fail(c->error, YG_ERROR_ARGUMENT, excluded->origin,
                       "`exclude` says what \"*\" leaves out, but no input or target is \"*\"");
    return !star || (exclude(c) && add_rest(c, port));
}

static bool choose(const choice *c) {
    const yg_reading *reading = c->reading;
    const size_t ports = yg_model_port_count(reading->model);
    for (size_t p = 0; p < ports; p++)
        if (yg_reading_wants(reading, p) && !choose_port(c, p))
            return false;
    return choose_rest(c);
}

bool yg_columns_choose(const yg_reading *reading, const yg_table *table, const yg_value *map,
                       yg_columns *out, yg_error *error) {
    const choice c = {
        .reading = reading,
        .table = table,
        .map = map,
        .out = out,
        .user = calloc(table->column_count + 1, sizeof *c.user),
        .error = error,
    };
    const bool good = c.user ? choose(&c) : yg_fail_memory(error);
    free(c.user);
    return good;
}
