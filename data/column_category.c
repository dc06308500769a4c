/*
 * The column kind `category`: a text is one of a few values.
 *
 * A port of floating-point numbers gets an element for each value: 1 for the one that a cell has, 0
 * for the others (one-hot). A port of whole numbers gets the value's index, as an embedding reads
 * it.
 *
 * The values are listed (`values`), or are those of the training data in the order of their bytes.
 * Another value is an error. With `unseen: true` it has a place, the last index; as one-hot it is
 * all zeros. A place that no training example uses teaches the network nothing. So `min_count` lets
 * values that are rarer share that place, which then has an element of its own.
 */
#include "column.h"
#include "text_counts.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_UNSEEN = YG_FAULT_OWN };

typedef struct category_column {
    yg_column column;
    const yg_value *values; /* the option; NULL: it is not written */
    bool listed;            /* `values` lists them */
    bool unseen;            /* other values have a place */
    bool shared;            /* rare values share it, so one-hot has an element for it */
    bool settled;           /* `names` are the values in their order */
    int64_t least;          /* a rarer value is not one of the values */
    yg_pool *pool;          /* holds the table */
    yg_names names;
    yg_text_counts met; /* while learning */
    yg_cell_room room;
} category_column;

static void free_category(yg_column *column) {
    category_column *c = (category_column *)column;
    yg_pool_free(c->pool);
    free(c->room.text);
}

/* -------------------------------------------------------------------------------- options ---- */

/* An index must be a class of the port, if it has classes. */
static bool check_classes(const category_column *c, yg_error *error) {
    const yg_port *port = c->column.port;
    const size_t places = c->names.count + c->unseen;
    return !port->classes || (int64_t)places <= port->classes ||
           yg_fail(error, YG_ERROR_DATA, port->origin,
                   "column '%s' has %zu values%s, but '%s' has %" PRId64 " classes", c->column.name,
                   c->names.count, c->unseen ? " and a place for others" : "", port->name,
                   port->classes);
}

static bool add(category_column *c, const char *name) {
    const char *copy = yg_pool_text(c->pool, name);
    return copy && yg_names_add(&c->names, c->pool, copy);
}

static bool read_values(category_column *c, const yg_value *values, yg_error *error) {
    char found[80];
    if (values->kind != YG_SEQUENCE || !values->count)
        return yg_fail(error, YG_ERROR_ARGUMENT, values->origin,
                       "`values` is a list of texts, such as [low, high]; found %s",
                       yg_value_describe(values, found, sizeof found));
    for (size_t i = 0; i < values->count; i++) {
        const char *text;
        if (!yg_value_text(values->items[i], "a value of `values`", &text, error))
            return false;
        if (yg_names_find(&c->names, text) != YG_NOT_FOUND)
            return yg_fail(error, YG_ERROR_NAME, values->items[i]->origin,
                           "'%s' stands in `values` twice", text);
        if (!add(c, text))
            return yg_fail_memory(error);
    }
    c->listed = c->settled = true;
    return check_classes(c, error);
}

static bool read_options(category_column *c, const yg_value *options, yg_error *error) {
    const yg_value *values = c->values, *least = yg_value_get(options, "min_count");
    c->shared = c->least > 1;
    if (c->shared && !c->unseen)
        return yg_fail(error, YG_ERROR_ARGUMENT, least->origin,
                       "rare values need a place; write `unseen: true` beside `min_count`");
    if (c->shared && values)
        return yg_fail(error, YG_ERROR_ARGUMENT, least->origin,
                       "`min_count` chooses among the values of the training data, but `values` "
                       "lists them");
    return !values || read_values(c, values, error);
}

static bool configure(yg_column *column, yg_error *error) {
    category_column *c = (category_column *)column;
    const yg_value *options = column->options;
    c->pool = yg_pool_new();
    if (!c->pool)
        return yg_fail_memory(error);
    if (column->port->dtype == YG_BOOL)
        return yg_fail(error, YG_ERROR_DTYPE, options->origin,
                       "column '%s': '%s' holds truth values; a category takes one of f32 or f64 "
                       "(an element for each value) or of i32 or i64 (an index)",
                       column->name, column->port->name);
    return options->kind != YG_MAPPING || read_options(c, options, error);
}

/* ------------------------------------------------------------------------------- learning ---- */

static bool learns(const yg_column *column) {
    return !((const category_column *)column)->settled;
}

static int64_t learn(yg_column *column, const yg_cells *cells) {
    category_column *c = (category_column *)column;
    for (int64_t i = 0; i < cells->count; i++) {
        const yg_cell *cell = yg_cell_at(cells, i);
        const char *text = yg_cell_is_missing(cell) ? NULL : yg_cell_string(cell, &c->room);
        if (!text || !yg_text_counts_add(&c->met, c->pool, text))
            return i;
    }
    return cells->count;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool settle(yg_column *column, yg_error *error) {
    category_column *c = (category_column *)column;
    const size_t met = c->met.names.count;
    const char **sorted = calloc(met + 1, sizeof *sorted);
    size_t kept = 0;
    if (!sorted)
        return yg_fail_memory(error);
    for (size_t i = 0; i < met; i++)
        if (c->met.counts[i] >= c->least)
            sorted[kept++] = c->met.names.names[i];
    qsort(sorted, kept, sizeof *sorted, by_bytes);
    bool good = true;
    for (size_t i = 0; good && i < kept; i++)
        good = yg_names_add(&c->names, c->pool, sorted[i]) || yg_fail_memory(error);
    free(sorted);
    c->settled = good;
    return good && check_classes(c, error);
}

/* ------------------------------------------------------------------------------- encoding ---- */

static bool is_one_hot(const category_column *c) {
    return yg_dtype_is_float(c->column.port->dtype);
}

static int64_t width(const yg_column *column) {
    const category_column *c = (const category_column *)column;
    return is_one_hot(c) ? (int64_t)c->names.count + c->shared : 1;
}

/* The index of a cell's value; returns what is wrong with it. */
static int index_of(category_column *c, const yg_cell *cell, int64_t *index) {
    if (yg_cell_is_missing(cell))
        return YG_FAULT_MISSING;
    const char *text = yg_cell_string(cell, &c->room);
    if (!text || !c->settled) /* no value is wrong yet */
        return YG_FAULT_NONE;
    const size_t found = yg_names_find(&c->names, text);
    *index = (int64_t)(found == YG_NOT_FOUND ? c->names.count : found);
    return found == YG_NOT_FOUND && !c->unseen ? FAULT_UNSEEN : YG_FAULT_NONE;
}

static int64_t encode_floats(yg_column *column, const yg_cells *cells, double *to, size_t stride) {
    category_column *c = (category_column *)column;
    const int64_t elements = width(column);
    for (int64_t i = 0; i < cells->count; i++, to += stride) {
        int64_t index = -1;
        if (index_of(c, yg_cell_at(cells, i), &index) != YG_FAULT_NONE || index < 0)
            return i;
        for (int64_t k = 0; k < elements; k++)
            to[k] = k == index;
    }
    return cells->count;
}

static int64_t encode_wholes(yg_column *column, const yg_cells *cells, int64_t *to, size_t stride) {
    category_column *c = (category_column *)column;
    for (int64_t i = 0; i < cells->count; i++) {
        int64_t *index = &to[(size_t)i * stride];
        *index = -1;
        if (index_of(c, yg_cell_at(cells, i), index) != YG_FAULT_NONE || *index < 0)
            return i;
    }
    return cells->count;
}

static int check(yg_column *column, const yg_cell *cell) {
    int64_t index;
    return index_of((category_column *)column, cell, &index);
}

static bool refuse(const yg_column *column, const yg_cell *cell, int fault, const yg_place *place,
                   yg_error *error) {
    const category_column *c = (const category_column *)column;
    const char *text = c->room.text; /* check() has left it there */
    char where[300], hint[400];
    if (fault == YG_FAULT_MISSING)
        return yg_column_refuse_missing(column, cell, place, error);
    return yg_fail(error, YG_ERROR_DATA, place->origin,
                   "%s: '%.60s' is not one of the values %s%s; `unseen: true` has a place for "
                   "others",
                   yg_place_text(place, column->port, where, sizeof where), text,
                   c->listed ? "listed" : "of the training data",
                   yg_names_suggest(&c->names, text, hint, sizeof hint));
}

static const char *element(const yg_column *column, int64_t i, char *text, size_t size) {
    const category_column *c = (const category_column *)column;
    if (!is_one_hot(c))
        snprintf(text, size, "%s", column->name);
    else if (i < (int64_t)c->names.count)
        snprintf(text, size, "%s=%s", column->name, c->names.names[i]);
    else
        snprintf(text, size, "%s is another", column->name);
    return text;
}

/* -------------------------------------------------------------------------------- weights ---- */

static json_t *save(const yg_column *column) {
    const category_column *c = (const category_column *)column;
    json_t *values = json_array();
    for (size_t i = 0; i < c->names.count; i++)
        json_array_append_new(values, json_string(c->names.names[i]));
    if (json_array_size(values) == c->names.count)
        return json_pack("{s:o}", "values", values);
    json_decref(values);
    return NULL;
}

static bool load(yg_column *column, const json_t *learnt, yg_error *error) {
    category_column *c = (category_column *)column;
    const json_t *values = json_object_get(learnt, "values");
    bool good = json_is_array(values);
    c->names = (yg_names){0};
    for (size_t i = 0; good && i < json_array_size(values); i++) {
        const char *text = json_string_value(json_array_get(values, i));
        good = text && yg_names_find(&c->names, text) == YG_NOT_FOUND &&
               (add(c, text) || yg_fail_memory(error));
    }
    c->settled = good;
    return good;
}

static const yg_setting settings[] = {
    {"values", .kind = YG_SETTING_VALUE, .offset = offsetof(category_column, values),
     .form = "a list of texts", .forms = YG_FORM_LIST, .fallback = "those of the training part",
     .example = "[low, high]", .doc = "the values, in their order"},
    {"unseen", .kind = YG_SETTING_FLAG, .offset = offsetof(category_column, unseen),
     .fallback = "false", .example = "true",
     .doc = "another value has a place: an index behind the others, or all zeros as one-hot. "
            "Otherwise it is an error"},
    {"min_count", .kind = YG_SETTING_WHOLE, .offset = offsetof(category_column, least), .min = 1,
     .fallback = "1", .example = "5",
     .doc = "values that the training part has less often share the place of `unseen`"},
    {"classes", .hint = "they are `values` here"},
    {"categories", .hint = "they are `values` here"},
    {"handle_unknown", .hint = "write `unseen: true`"},
};

const yg_column_kind yg_column_category = {
    .name = "category",
    .doc = "a cell is one of a few texts: an element for each (one-hot), or an index",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .size = sizeof(category_column),
    .texts = true,
    .learns = learns,
    .configure = configure,
    .learn = learn,
    .settle = settle,
    .width = width,
    .encode_floats = encode_floats,
    .encode_wholes = encode_wholes,
    .check = check,
    .refuse = refuse,
    .element = element,
    .save = save,
    .load = load,
    .free = free_category,
};
