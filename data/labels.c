/*
 * Labels: a column of texts becomes class indices.
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
 * of distinct labels before it; yg_labels_finish() then replaces these numbers by classes.
 *
 * Labels are compared as texts: equal bytes are an equal class. So 1 and 01 would be two classes.
 * That is seldom meant, so it is an error unless the model file lists both.
 */
#include "../graph/number.h"
#include "../graph/spelling.h"
#include "source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool yg_port_is_label(const yg_data *data, const yg_port *port) {
    return port->classes > 0 && yg_port_width(data, port) == 1;
}

/* Fills the table with the names of the model file or, where it lists none, of the encoding. */
static bool add_known(yg_labels *labels, yg_error *error) {
    const bool listed = labels->port->class_names != NULL;
    const size_t count = listed ? (size_t)labels->port->classes : labels->encoding->class_count;
    const char *const *names =
        listed ? labels->port->class_names : (const char *const *)labels->encoding->classes;
    for (size_t i = 0; i < count; i++) {
        if (yg_names_find(&labels->names, names[i]) != YG_NOT_FOUND)
            return yg_fail(error, YG_ERROR_DATA, labels->port->origin,
                           "class '%.60s' of '%s' stands there twice", names[i],
                           labels->port->name);
        if (!yg_names_add(&labels->names, labels->pool, names[i]))
            return yg_fail_memory(error);
    }
    return true;
}

bool yg_labels_begin(const yg_reading *reading, size_t port, yg_labels *labels, yg_error *error) {
    *labels = (yg_labels){.port = yg_model_port(reading->model, port),
                          .encoding = &reading->data->encoding.ports[port],
                          .pool = yg_pool_new()};
    labels->learning =
        reading->training && !labels->port->class_names && !reading->data->encoding.known;
    if (!labels->pool)
        return yg_fail_memory(error);
    return labels->learning || add_known(labels, error);
}

void yg_labels_end(yg_labels *labels) {
    yg_pool_free(labels->pool);
    *labels = (yg_labels){0};
}

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

/* Fails on a label that is the same number as an earlier label in another form. */
static bool learn_number(yg_labels *labels, const char *text, const yg_place *place,
                         yg_error *error) {
    char number[YG_NUMBER_TEXT], where[300];
    if (!in_one_way(text, number))
        return true;
    const size_t same = yg_names_find(&labels->numbers, number);
    if (same != YG_NOT_FOUND)
        return yg_fail(
            error, YG_ERROR_DATA, place->origin,
            "%s: the labels '%.60s' and '%.60s' of '%s' are the same number; write it in "
            "one way, or list the `classes` by name if they are two",
            yg_place_text(place, labels->port, where, sizeof where), text,
            labels->names.names[labels->number_name[same]], labels->port->name);
    const char *copy = yg_pool_text(labels->pool, number);
    size_t *grown =
        yg_pool_grow(labels->pool, labels->number_name, labels->numbers.count, sizeof *grown);
    if (!copy || !grown)
        return yg_fail_memory(error);
    labels->number_name = grown;
    grown[labels->numbers.count] = labels->names.count;
    return yg_names_add(&labels->numbers, labels->pool, copy) || yg_fail_memory(error);
}

/* A label that has not been seen before: its number is the count of distinct labels so far. */
static bool learn(yg_labels *labels, const char *text, const yg_place *place, int64_t *value,
                  yg_error *error) {
    char where[300];
    if (labels->names.count >= (size_t)labels->port->classes)
        return yg_fail(error, YG_ERROR_DATA, place->origin,
                       "%s: '%.60s' is label number %zu; '%s' has %" PRId64
                       " classes (the others: '%.60s', …)",
                       yg_place_text(place, labels->port, where, sizeof where), text,
                       labels->names.count + 1, labels->port->name, labels->port->classes,
                       labels->names.names[0]);
    const char *copy = yg_pool_text(labels->pool, text);
    if (!copy)
        return yg_fail_memory(error);
    if (!learn_number(labels, text, place, error))
        return false;
    *value = (int64_t)labels->names.count;
    return yg_names_add(&labels->names, labels->pool, copy) || yg_fail_memory(error);
}

/* Whether a label is a class index by itself. */
static bool is_index(const yg_labels *labels, const char *text, int64_t *value) {
    char shortest[YG_NUMBER_TEXT];
    return yg_number_integer(text, strlen(text), value) == YG_WHOLE_EXACT && *value >= 0 &&
           *value < labels->port->classes && in_one_way(text, shortest) &&
           strcmp(shortest, text) == 0;
}

static bool fail_index(const yg_labels *labels, const char *text, const yg_place *place,
                       yg_error *error) {
    char where[300];
    int64_t number;
    yg_place_text(place, labels->port, where, sizeof where);
    if (yg_number_integer(text, strlen(text), &number) == YG_WHOLE_EXACT &&
        (number < 0 || number >= labels->port->classes))
        return yg_fail(
            error, YG_ERROR_DATA, place->origin,
            "%s: class %" PRId64 " is outside 0 to %" PRId64 ", the %" PRId64 " classes of '%s'",
            where, number, labels->port->classes - 1, labels->port->classes, labels->port->name);
    return yg_fail(error, YG_ERROR_DATA, place->origin,
                   "%s: '%.60s' is not a class index, which the training data have for '%s'", where,
                   text, labels->port->name);
}

bool yg_labels_value(yg_labels *labels, const char *text, const yg_place *place, int64_t *value,
                     yg_error *error) {
    const size_t index = yg_names_find(&labels->names, text);
    char where[300], hint[400];
    if (index != YG_NOT_FOUND) {
        *value = (int64_t)index;
        return true;
    }
    if (labels->learning)
        return learn(labels, text, place, value, error);
    /* Nothing is learnt and no name is known: the training data had indices. */
    if (!labels->names.count)
        return is_index(labels, text, value) || fail_index(labels, text, place, error);
    return yg_fail(error, YG_ERROR_DATA, place->origin, "%s: '%.60s' is not a class of '%s'%s",
                   yg_place_text(place, labels->port, where, sizeof where), text,
                   labels->port->name, yg_names_suggest(&labels->names, text, hint, sizeof hint));
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

static bool keep_listed(const yg_labels *labels, yg_error *error) {
    const size_t count = (size_t)labels->port->classes;
    labels->encoding->classes = calloc(count + 1, sizeof *labels->encoding->classes);
    if (!labels->encoding->classes)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        if (!keep_name(labels->encoding, labels->port->class_names[i], error))
            return false;
    return true;
}

static bool sort_names(const yg_labels *labels, int64_t *order, yg_error *error) {
    const size_t count = labels->names.count;
    if (count != (size_t)labels->port->classes)
        return yg_fail(error, YG_ERROR_DATA, labels->port->origin,
                       "'%s' has %" PRId64 " classes, but the training data have %zu different "
                       "label%s",
                       labels->port->name, labels->port->classes, count, count == 1 ? "" : "s");
    named *sorted = calloc(count + 1, sizeof *sorted);
    labels->encoding->classes = calloc(count + 1, sizeof *labels->encoding->classes);
    bool good = (sorted && labels->encoding->classes) || yg_fail_memory(error);
    for (size_t i = 0; i < count && good; i++)
        sorted[i] = (named){labels->names.names[i], i};
    if (good)
        qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < count && good; i++) {
        order[sorted[i].met] = (int64_t)i;
        good = keep_name(labels->encoding, sorted[i].name, error);
    }
    free(sorted);
    return good;
}

bool yg_labels_finish(yg_labels *labels, const yg_elements *elements, int64_t count,
                      yg_error *error) {
    if (labels->port->class_names && !labels->encoding->classes)
        return keep_listed(labels, error);
    if (!labels->learning || !labels->names.count)
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
