/*
 * The column kind `boolean`: a cell is yes or no, 1 or 0 as an element.
 *
 * Without `values`, the usual words are understood in upper or lower case. `values: [dead, alive]`
 * names the text for 0 and the text for 1; then no other is understood.
 */
#include "../graph/number.h"
#include "column.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FAULT_NEITHER = YG_FAULT_OWN };

typedef struct boolean_column {
    yg_column column;
    const char *values[2];  /* of the options; NULL: the usual words */
    const yg_value *listed; /* the option `values`; NULL: it is not written */
} boolean_column;

static bool configure(yg_column *column, yg_error *error) {
    boolean_column *b = (boolean_column *)column;
    const yg_value *options = column->options;
    const yg_value *values = b->listed;
    char found[80];
    if (column->port->classes && column->port->classes < 2)
        return yg_fail(error, YG_ERROR_ARGUMENT, options->origin,
                       "column '%s': '%s' has one class; yes and no are two", column->name,
                       column->port->name);
    if (!values)
        return true;
    if (values->kind != YG_SEQUENCE || values->count != 2)
        return yg_fail(error, YG_ERROR_ARGUMENT, values->origin,
                       "`values` names the text for 0 and the text for 1, as [no, yes]; found %s",
                       yg_value_describe(values, found, sizeof found));
    for (size_t i = 0; i < 2; i++)
        if (!yg_value_text(values->items[i], "a value of `values`", &b->values[i], error))
            return false;
    return strcmp(b->values[0], b->values[1]) != 0 ||
           yg_fail(error, YG_ERROR_ARGUMENT, values->items[1]->origin, "both of `values` are '%s'",
                   b->values[0]);
}

/* The number of a text among words; -1: it is none of them. */
static int find(const yg_cell *cell, const char *const *words, int count) {
    for (int i = 0; i < count; i++)
        if (strlen(words[i]) == cell->size && strncasecmp(cell->text, words[i], cell->size) == 0)
            return i;
    return -1;
}

static int read_text(const boolean_column *b, const yg_cell *cell, int64_t *value) {
    static const char *const words[] = {"false", "true", "no",  "yes", "0", "1",
                                        "f",     "t",    "off", "on",  "n", "y"};
    if (!b->values[0]) {
        const int word = find(cell, words, (int)(sizeof words / sizeof *words));
        *value = word % 2;
        if (word >= 0)
            return YG_FAULT_NONE;
    }
    for (int i = 0; i < 2 && b->values[0]; i++)
        if (strlen(b->values[i]) == cell->size &&
            memcmp(cell->text, b->values[i], cell->size) == 0) {
            *value = i;
            return YG_FAULT_NONE;
        }
    return yg_cell_is_missing(cell) ? YG_FAULT_MISSING : FAULT_NEITHER;
}

static int read_cell(const boolean_column *b, const yg_cell *cell, int64_t *value) {
    char text[YG_NUMBER_TEXT];
    if (yg_cell_is_text(cell))
        return read_text(b, cell, value);
    if (yg_cell_is_missing(cell))
        return YG_FAULT_MISSING;
    yg_cell_text(cell, text, sizeof text);
    const yg_cell number = {.kind = YG_CELL_TEXT, .size = (uint32_t)strlen(text), .text = text};
    return read_text(b, &number, value);
}

static int64_t encode_floats(yg_column *column, const yg_cells *cells, double *to, size_t stride) {
    int64_t value;
    for (int64_t i = 0; i < cells->count; i++) {
        if (read_cell((boolean_column *)column, yg_cell_at(cells, i), &value) != YG_FAULT_NONE)
            return i;
        to[(size_t)i * stride] = (double)value;
    }
    return cells->count;
}

static int64_t encode_wholes(yg_column *column, const yg_cells *cells, int64_t *to, size_t stride) {
    for (int64_t i = 0; i < cells->count; i++)
        if (read_cell((boolean_column *)column, yg_cell_at(cells, i), &to[(size_t)i * stride]) !=
            YG_FAULT_NONE)
            return i;
    return cells->count;
}

static int check(yg_column *column, const yg_cell *cell) {
    int64_t value;
    return read_cell((boolean_column *)column, cell, &value);
}

static bool refuse(const yg_column *column, const yg_cell *cell, int fault, const yg_place *place,
                   yg_error *error) {
    const boolean_column *b = (const boolean_column *)column;
    char where[300], value[61];
    if (fault == YG_FAULT_MISSING)
        return yg_column_refuse_missing(column, cell, place, error);
    yg_place_text(place, column->port, where, sizeof where);
    yg_cell_text(cell, value, sizeof value);
    if (b->values[0])
        return yg_fail(error, YG_ERROR_DATA, place->origin,
                       "%s: '%s' is neither '%.60s' nor '%.60s'", where, value, b->values[0],
                       b->values[1]);
    return yg_fail(error, YG_ERROR_DATA, place->origin,
                   "%s: '%s' is neither yes nor no; `values: [no, yes]` names other texts", where,
                   value);
}

static const yg_setting settings[] = {
    {"values", .kind = YG_SETTING_VALUE, .offset = offsetof(boolean_column, listed),
     .form = "a list of two texts", .forms = YG_FORM_LIST,
     .fallback = "true, yes, y, t, on, 1 and their opposites", .example = "[dead, alive]",
     .doc = "the text for 0 and the text for 1"},
};

const yg_column_kind yg_column_boolean = {
    .name = "boolean",
    .doc = "a cell is yes or no: 1 or 0",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .size = sizeof(boolean_column),
    .texts = true,
    .configure = configure,
    .encode_floats = encode_floats,
    .encode_wholes = encode_wholes,
    .check = check,
    .refuse = refuse,
};
