/*
 * The column kind `label`: a text becomes the index of a class.
 *
 * Which text is which class is decided in one of three ways:
 *
 *   - The model file lists the classes by name: class i is the i-th name.
 *   - Every label of the training data is a whole number from 0 to classes - 1 in its shortest form
 *     (7, not 07 or 7.0): the label is the index.
 *   - Otherwise the classes are the labels of the training data, sorted by bytes. There must be as
 *     many of them as the model file declares.
 *
 * The second and third way need all training data. So while they are read, a label gets the number
 * of distinct labels before it; finish() then replaces these numbers by classes.
 *
 * Labels are compared as texts: equal bytes are an equal class. So 1 and 01 would be two classes.
 * That is seldom meant, so it is an error unless the model file lists both.
 */
#include "../graph/number.h"
#include "../models/loader/names.h"
#include "column.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FAULT_UNKNOWN = YG_FAULT_OWN, /* no class has that name */
    FAULT_INDEX,                  /* it is no class index, but all of the training data are */
    FAULT_RANGE,                  /* it is a number, but not one of a class */
    FAULT_MANY = YG_FAULT_ALONE,  /* there are more labels than classes */
    FAULT_SAME,                   /* it is the same number as an earlier label in another form */
};

typedef struct label_column {
    yg_column column;
    yg_pool *pool;       /* holds the tables */
    yg_names names;      /* by class index; while learning, in the order of first appearance */
    yg_names numbers;    /* while learning: labels that are numbers, in their shortest form */
    size_t *number_name; /* the index in `names` of each entry of `numbers` */
    yg_cell_room room;
} label_column;

static bool configure(yg_column *column, yg_error *error) {
    return column->port->classes > 0 ||
           yg_fail(error, YG_ERROR_ARGUMENT, column->options->origin,
                   "column '%s': a label is the class of an input or target with `classes`, which "
                   "'%s' has not",
                   column->name, column->port->name);
}

static void forget(yg_column *column) {
    label_column *labels = (label_column *)column;
    yg_pool_free(labels->pool);
    labels->pool = NULL;
    labels->names = labels->numbers = (yg_names){0};
    labels->number_name = NULL;
}

static void free_labels(yg_column *column) {
    forget(column);
    free(((label_column *)column)->room.text);
}

/* Fills the table with the names of the model file or, where it lists none, of the encoding. */
static bool add_known(label_column *labels, yg_error *error) {
    const yg_port *port = labels->column.port;
    const yg_port_encoding *encoding = labels->column.encoding;
    const bool listed = port->class_names != NULL;
    const size_t count = listed ? (size_t)port->classes : encoding->class_count;
    const char *const *names = listed ? port->class_names : (const char *const *)encoding->classes;
    for (size_t i = 0; i < count; i++) {
        if (yg_names_find(&labels->names, names[i]) != YG_NOT_FOUND)
            return yg_fail(error, YG_ERROR_DATA, port->origin,
                           "class '%.60s' of '%s' stands there twice", names[i], port->name);
        if (!yg_names_add(&labels->names, labels->pool, names[i]))
            return yg_fail_memory(error);
    }
    return true;
}

static bool begin(yg_column *column, yg_error *error) {
    label_column *labels = (label_column *)column;
    forget(column);
    labels->pool = yg_pool_new();
    if (!labels->pool)
        return yg_fail_memory(error);
    column->learning = column->learning && !column->port->class_names;
    return column->learning || add_known(labels, error);
}

/* ------------------------------------------------------------------------------ one label ---- */

/* The shortest form of a number, so that 1, 01 and 1.0 compare equal. False if the text is no
 * number.
 */
static bool in_one_way(const char *text, char number[YG_NUMBER_TEXT]) {
    const size_t blanks = strspn(text, " \t");
    size_t length = strlen(text + blanks);
    while (length > 0 && strchr(" \t", text[blanks + length - 1]))
        length--;
    int64_t whole;
    double real;
    if (yg_number_integer(text + blanks, length, &whole) == YG_WHOLE_EXACT)
        snprintf(number, YG_NUMBER_TEXT, "%" PRId64, whole);
    else if (yg_number_parse(text + blanks, length, &real) != YG_NUMBER_NOT)
        yg_number_text(real, number);
    else
        return false;
    return true;
}

/* Whether a label is a class index by itself. */
static bool is_index(const label_column *labels, const char *text, int64_t *value) {
    char shortest[YG_NUMBER_TEXT];
    return yg_number_integer(text, strlen(text), value) == YG_WHOLE_EXACT && *value >= 0 &&
           *value < labels->column.port->classes && in_one_way(text, shortest) &&
           strcmp(shortest, text) == 0;
}

/* What is wrong with a label; *value becomes its class, or, of a label that is to be learnt, the
 * number of labels so far. In a row of the model file, no text stands for a missing value. */
static int find_class(const label_column *labels, const yg_cell *cell, const char *text,
                      int64_t *value) {
    const yg_port *port = labels->column.port;
    char number[YG_NUMBER_TEXT];
    const size_t index = yg_names_find(&labels->names, text);
    *value = (int64_t)index;
    if (index != YG_NOT_FOUND)
        return YG_FAULT_NONE;
    if (labels->column.name && yg_cell_is_missing(cell))
        return YG_FAULT_MISSING;
    *value = (int64_t)labels->names.count;
    if (labels->column.learning) {
        if (labels->names.count >= (size_t)port->classes)
            return FAULT_MANY;
        return in_one_way(text, number) && yg_names_find(&labels->numbers, number) != YG_NOT_FOUND
                   ? FAULT_SAME
                   : YG_FAULT_NONE;
    }
    if (labels->names.count)
        return FAULT_UNKNOWN;
    /* Nothing is learnt and no name is known: the training data had indices. */
    if (is_index(labels, text, value))
        return YG_FAULT_NONE;
    return yg_number_integer(text, strlen(text), value) == YG_WHOLE_EXACT &&
                   (*value < 0 || *value >= port->classes)
               ? FAULT_RANGE
               : FAULT_INDEX;
}

/* Takes in a label that has not been seen before. False when out of memory. */
static bool learn_label(label_column *labels, const char *text) {
    char number[YG_NUMBER_TEXT];
    if (in_one_way(text, number)) {
        const char *copy = yg_pool_text(labels->pool, number);
        size_t *grown =
            yg_pool_grow(labels->pool, labels->number_name, labels->numbers.count, sizeof *grown);
        if (!copy || !grown)
            return false;
        labels->number_name = grown;
        grown[labels->numbers.count] = labels->names.count;
        if (!yg_names_add(&labels->numbers, labels->pool, copy))
            return false;
    }
    const char *copy = yg_pool_text(labels->pool, text);
    return copy && yg_names_add(&labels->names, labels->pool, copy);
}

/* The class of a cell. False if it has none, and when out of memory. */
static bool encode(label_column *labels, const yg_cell *cell, int64_t *value) {
    const char *text = yg_cell_string(cell, &labels->room);
    if (!text || find_class(labels, cell, text, value) != YG_FAULT_NONE)
        return false;
    return !labels->column.learning || (size_t)*value < labels->names.count ||
           learn_label(labels, text);
}

static int64_t encode_floats(yg_column *column, const yg_cells *cells, double *to, size_t stride) {
    int64_t value;
    for (int64_t i = 0; i < cells->count; i++) {
        if (!encode((label_column *)column, yg_cell_at(cells, i), &value))
            return i;
        to[(size_t)i * stride] = (double)value;
    }
    return cells->count;
}

static int64_t encode_wholes(yg_column *column, const yg_cells *cells, int64_t *to, size_t stride) {
    for (int64_t i = 0; i < cells->count; i++)
        if (!encode((label_column *)column, yg_cell_at(cells, i), &to[(size_t)i * stride]))
            return i;
    return cells->count;
}

/* ------------------------------------------------------------------------------ messages ----- */

static int check(yg_column *column, const yg_cell *cell) {
    label_column *labels = (label_column *)column;
    const char *text = yg_cell_string(cell, &labels->room);
    int64_t value;
    return text ? find_class(labels, cell, text, &value) : YG_FAULT_NONE;
}

static bool refuse_learning(const label_column *labels, const char *text, int fault,
                            const char *where, yg_origin origin, yg_error *error) {
    const yg_port *port = labels->column.port;
    char number[YG_NUMBER_TEXT] = "";
    if (fault == FAULT_MANY)
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "%s: '%.60s' is label number %zu; '%s' has %" PRId64
                       " classes (the others: '%.60s', …)",
                       where, text, labels->names.count + 1, port->name, port->classes,
                       labels->names.names[0]);
    in_one_way(text, number);
    const size_t same = yg_names_find(&labels->numbers, number);
    return yg_fail(error, YG_ERROR_DATA, origin,
                   "%s: the labels '%.60s' and '%.60s' of '%s' are the same number; write it in "
                   "one way, or list the `classes` by name if they are two",
                   where, text, labels->names.names[labels->number_name[same]], port->name);
}

static bool refuse(const yg_column *column, const yg_cell *cell, int fault, const yg_place *place,
                   yg_error *error) {
    const label_column *labels = (const label_column *)column;
    const yg_port *port = column->port;
    const char *text = labels->room.text; /* check() has left it there */
    char where[300], hint[400];
    int64_t number;
    if (fault == YG_FAULT_MISSING)
        return yg_column_refuse_missing(column, cell, place, error);
    yg_place_text(place, port, where, sizeof where);
    switch (fault) {
    case FAULT_MANY:
    case FAULT_SAME:
        return refuse_learning(labels, text, fault, where, place->origin, error);
    case FAULT_RANGE:
        yg_number_integer(text, strlen(text), &number);
        return yg_fail(error, YG_ERROR_DATA, place->origin,
                       "%s: class %" PRId64 " is outside 0 to %" PRId64 ", the %" PRId64
                       " classes of '%s'",
                       where, number, port->classes - 1, port->classes, port->name);
    case FAULT_INDEX:
        return yg_fail(error, YG_ERROR_DATA, place->origin,
                       "%s: '%.60s' is not a class index, which the training data have for '%s'",
                       where, text, port->name);
    default:
        return yg_fail(error, YG_ERROR_DATA, place->origin, "%s: '%.60s' is not a class of '%s'%s",
                       where, text, port->name,
                       yg_names_suggest(&labels->names, text, hint, sizeof hint));
    }
}

/* ------------------------------------------------------------------------------ learning ---- */

typedef struct named {
    const char *name;
    size_t met; /* its place in the order of first appearance */
} named;

static int by_name(const void *a, const void *b) {
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

/* Replaces each element, which is a place in the order of appearance, by the class order[place]. */
static void renumber(const yg_elements *elements, int64_t count, const int64_t *order) {
    for (int64_t i = 0; i < count; i++) {
        const double met = yg_element_get(elements->dtype, elements->data, i);
        yg_element_set(elements->dtype, elements->data, i, (double)order[(size_t)met]);
    }
}

static bool keep_name(yg_port_encoding *encoding, const char *name, yg_error *error) {
    char *copy = strdup(name);
    if (!copy)
        return yg_fail_memory(error);
    encoding->classes[encoding->class_count++] = copy;
    return true;
}

static bool keep_listed(const label_column *labels, yg_error *error) {
    const size_t count = (size_t)labels->column.port->classes;
    labels->column.encoding->classes = calloc(count + 1, sizeof *labels->column.encoding->classes);
    if (!labels->column.encoding->classes)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        if (!keep_name(labels->column.encoding, labels->column.port->class_names[i], error))
            return false;
    return true;
}

static bool sort_names(const label_column *labels, int64_t *order, yg_error *error) {
    const size_t count = labels->names.count;
    if (count != (size_t)labels->column.port->classes)
        return yg_fail(error, YG_ERROR_DATA, labels->column.port->origin,
                       "'%s' has %" PRId64 " classes, but the training data have %zu different "
                       "label%s",
                       labels->column.port->name, labels->column.port->classes, count,
                       count == 1 ? "" : "s");
    named *sorted = calloc(count + 1, sizeof *sorted);
    labels->column.encoding->classes = calloc(count + 1, sizeof *labels->column.encoding->classes);
    bool good = (sorted && labels->column.encoding->classes) || yg_fail_memory(error);
    for (size_t i = 0; i < count && good; i++)
        sorted[i] = (named){labels->names.names[i], i};
    if (good)
        qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < count && good; i++) {
        order[sorted[i].met] = (int64_t)i;
        good = keep_name(labels->column.encoding, sorted[i].name, error);
    }
    free(sorted);
    return good;
}

static bool finish(yg_column *column, const yg_elements *elements, int64_t count, yg_error *error) {
    const label_column *labels = (const label_column *)column;
    if (column->port->class_names && !column->encoding->classes)
        return keep_listed(labels, error);
    if (!column->learning || !labels->names.count)
        return true;
    int64_t *order = calloc(labels->names.count, sizeof *order);
    if (!order)
        return yg_fail_memory(error);
    bool indices = true;
    for (size_t i = 0; i < labels->names.count && indices; i++)
        indices = is_index(labels, labels->names.names[i], &order[i]);
    const bool good = indices || sort_names(labels, order, error);
    if (good)
        renumber(elements, count, order);
    free(order);
    return good;
}

/* The classes are kept with the port: other parts of the weights file and of a prediction need
 * them.
 */
const yg_column_kind yg_column_label = {
    .name = "label",
    .doc = "a cell is the class of an input or target with `classes`",
    .size = sizeof(label_column),
    .texts = true,
    .configure = configure,
    .begin = begin,
    .encode_floats = encode_floats,
    .encode_wholes = encode_wholes,
    .check = check,
    .refuse = refuse,
    .finish = finish,
    .free = free_labels,
};
