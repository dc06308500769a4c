/*
 * Missing cells of a column: see column.h.
 *
 *     missing: mean | median | most_frequent | drop | VALUE
 *
 * `drop` leaves rows out. All others put a cell in the place of a missing one, and the column's
 * kind encodes that cell like any other. So a kind knows nothing of missing values.
 *
 * `indicator: true` adds an element behind those of the kind: 1 where the cell is missing.
 */
#include "../graph/number.h"
#include "column.h"
#include "number_sample.h"
#include "text_counts.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef enum yg_missing_way { DROP, MEAN, MEDIAN, MOST_FREQUENT, VALUE } yg_missing_way;

struct yg_missing {
    yg_missing_way way;
    bool indicator;
    bool settled; /* `cell` is what stands for a missing one */
    yg_cell cell; /* its text is `text` */
    char *text;   /* owned */
    /* While learning: */
    int64_t count;
    double mean;
    yg_number_sample sample;
    yg_pool *pool;
    yg_text_counts met;
    yg_cell_room room;
};

/* The options as they are written. */
typedef struct written {
    const yg_value *way, *indicator;
} written;

const yg_setting yg_missing_settings[YG_MISSING_SETTINGS] = {
    {"missing", .kind = YG_SETTING_VALUE, .offset = offsetof(written, way),
     .form = "drop, mean, median, most_frequent, or a value", .forms = YG_FORM_SCALAR | YG_FORM_ANY,
     .fallback = "a missing cell is an error", .example = "median",
     .doc =
         "what stands for a missing cell: a number of the training part, a value of yours; `drop` "
         "leaves out rows that lack one"},
    {"indicator", .kind = YG_SETTING_VALUE, .offset = offsetof(written, indicator),
     .form = "true or false", .forms = YG_FORM_SCALAR | YG_FORM_NUMBERS, .fallback = "false",
     .example = "true",
     .doc = "one more element: 1 where the cell is missing. It goes with `missing`"},
};

void yg_missing_free(yg_column *column) {
    struct yg_missing *m = column->missing;
    if (!m)
        return;
    yg_number_sample_free(&m->sample);
    yg_pool_free(m->pool);
    free(m->room.text);
    free(m->text);
    free(m);
    column->missing = NULL;
}

/* -------------------------------------------------------------------------------- options ---- */

static bool set_text(struct yg_missing *m, const char *text, yg_error *error) {
    m->text = strdup(text);
    if (!m->text)
        return yg_fail_memory(error);
    m->cell = (yg_cell){.kind = YG_CELL_TEXT, .size = (uint32_t)strlen(text), .text = m->text};
    m->settled = true;
    return true;
}

static bool read_way(yg_column *column, const yg_value *value, yg_error *error) {
    static const char *const ways[] = {"drop", "mean", "median", "most_frequent"};
    struct yg_missing *m = column->missing;
    const char *text;
    if (!yg_value_text(value, "`missing`", &text, error))
        return false;
    m->way = VALUE;
    for (int i = 0; i < VALUE; i++)
        if (strcmp(text, ways[i]) == 0)
            m->way = (yg_missing_way)i;
    const bool number = m->way == MEAN || m->way == MEDIAN;
    if (number && column->kind != &yg_column_number)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`missing: %s` is for numbers; column '%s' is a %s: write drop, "
                       "most_frequent or a value",
                       text, column->name, column->kind->name);
    if (number && !yg_dtype_is_float(column->port->dtype))
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "'%s' holds whole numbers, and a %s may be none; write drop, most_frequent "
                       "or a value",
                       column->port->name, text);
    if (m->way == VALUE && yg_cell_is_missing(&(yg_cell){
                               .kind = YG_CELL_TEXT, .size = (uint32_t)strlen(text), .text = text}))
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`missing` is mean, median, most_frequent, drop or a value; '%s' is a "
                       "missing value itself",
                       text);
    return m->way != VALUE || set_text(m, text, error);
}

bool yg_missing_configure(yg_column *column, yg_error *error) {
    const bool listed = column->options && column->options->kind == YG_MAPPING;
    written w = {0};
    if (listed &&
        !yg_setting_read(column->options, yg_missing_settings, YG_MISSING_SETTINGS, &w, error))
        return false;
    const yg_value *way = w.way, *indicator = w.indicator;
    if (!way)
        return !indicator ||
               yg_fail(error, YG_ERROR_ARGUMENT, indicator->origin,
                       "`indicator` tells which cells were filled in; write `missing:` beside it");
    column->missing = calloc(1, sizeof *column->missing);
    if (!column->missing || !(column->missing->pool = yg_pool_new()))
        return yg_fail_memory(error);
    if (!read_way(column, way, error))
        return false;
    if (indicator && !yg_value_bool(indicator, "`indicator`", &column->missing->indicator, error))
        return false;
    return !indicator || !column->missing->indicator || column->missing->way != DROP ||
           yg_fail(error, YG_ERROR_ARGUMENT, indicator->origin,
                   "rows with a missing cell are dropped, so there is nothing to indicate");
}

/* ------------------------------------------------------------------------------- learning ---- */

bool yg_missing_learns(const yg_column *column) {
    return column->missing && !column->missing->settled && column->missing->way != DROP;
}

bool yg_missing_drops(const yg_column *column) {
    return column->missing && column->missing->way == DROP;
}

bool yg_missing_indicates(const yg_column *column) {
    return column->missing && column->missing->indicator;
}

const yg_cell *yg_missing_cell(const yg_column *column) {
    return column->missing && column->missing->settled ? &column->missing->cell : NULL;
}

static bool count_text(struct yg_missing *m, const yg_cell *cell) {
    const char *text = yg_cell_string(cell, &m->room);
    return text && yg_text_counts_add(&m->met, m->pool, text);
}

bool yg_missing_learn(yg_column *column, const yg_cell *cell) {
    struct yg_missing *m = column->missing;
    double number;
    m->count++;
    if (m->way == MOST_FREQUENT)
        return count_text(m, cell);
    if (!yg_cell_number(cell, &number))
        return true; /* it is told where the cell is encoded */
    m->mean += (number - m->mean) / (double)m->count;
    return m->way != MEDIAN || yg_number_sample_add(&m->sample, number);
}

/* Of several, the first in the order of bytes. */
static const char *most_frequent(const yg_text_counts *met) {
    size_t best = 0;
    for (size_t i = 1; i < met->names.count; i++)
        if (met->counts[i] > met->counts[best] ||
            (met->counts[i] == met->counts[best] &&
             strcmp(met->names.names[i], met->names.names[best]) < 0))
            best = i;
    return met->names.names[best];
}

bool yg_missing_settle(yg_column *column, yg_error *error) {
    struct yg_missing *m = column->missing;
    if (!m->count)
        return yg_fail(error, YG_ERROR_DATA, column->options->origin,
                       "column '%s' has no value in any row of the training part; `exclude` it",
                       column->name);
    if (m->way == MOST_FREQUENT)
        return set_text(m, most_frequent(&m->met), error);
    const double number = m->way == MEAN ? m->mean : yg_number_sample_quantile(&m->sample, 0.5);
    if (!isfinite(number))
        return yg_fail(error, YG_ERROR_NUMERIC, column->options->origin,
                       "the mean of column '%s' is not finite", column->name);
    m->cell = (yg_cell){.kind = YG_CELL_NUMBER, .number = number};
    m->settled = true;
    return true;
}

/* -------------------------------------------------------------------------------- weights ---- */

json_t *yg_missing_save(const yg_column *column) {
    const yg_cell *cell = &column->missing->cell;
    if (!column->missing->settled)
        return json_null();
    return cell->kind == YG_CELL_NUMBER ? json_real(cell->number) : json_string(cell->text);
}

bool yg_missing_load(yg_column *column, const json_t *json, yg_error *error) {
    struct yg_missing *m = column->missing;
    if (m->settled || m->way == DROP)
        return true;
    if (m->way == MOST_FREQUENT)
        return json_is_string(json) && set_text(m, json_string_value(json), error);
    m->cell = (yg_cell){.kind = YG_CELL_NUMBER, .number = json_number_value(json)};
    m->settled = json_is_number(json);
    return m->settled;
}
