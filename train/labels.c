/*
 * Labels: a column of texts becomes class indices.
 *
 * Names that the model file lists are the classes, in that order. Otherwise the training part
 * decides: if every label is a whole number below `classes`, it is the index itself; if not, the
 * labels in alphabetical order (of their bytes) are the classes, and there must be as many as the
 * file declares.
 */
#include "../graph/number.h"
#include "../graph/spelling.h"
#include "source.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool yg_port_is_label(const yg_data *data, const yg_port *port) {
    return port->classes > 0 && yg_port_width(data, port) == 1;
}

void yg_labels_begin(const yg_source *source, size_t port, yg_labels *labels) {
    *labels = (yg_labels){.port = yg_model_port(source->model, port),
                          .encoding = &source->data->encoding.ports[port]};
    labels->learning = source->training && !labels->port->class_names;
}

bool yg_value_fits(const yg_port *port, double value, const char *place, yg_origin origin,
                   yg_error *error) {
    if (!yg_dtype_is_float(port->dtype) || port->classes) {
        const double limit = port->dtype == YG_I32 ? INT32_MAX : 9007199254740992.0; /* 2^53 */
        if (value != floor(value) || fabs(value) > limit)
            return yg_fail(error, YG_ERROR_DATA, origin,
                           "%s: %.17g is not a whole number, which "
                           "'%s' takes",
                           place, value, port->name);
    }
    if (port->classes && (value < 0 || value >= (double)port->classes))
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "%s: class %.17g is outside 0 to %" PRId64 ", the %" PRId64
                       " classes of '%s'",
                       place, value, port->classes - 1, port->classes, port->name);
    if (port->dtype == YG_BOOL && value != 0 && value != 1)
        return yg_fail(error, YG_ERROR_DATA, origin, "%s: %.17g is neither 0 nor 1", place, value);
    return true;
}

/* The classes' names that are known: of the model file, or learnt before. */
static const char *const *known_names(const yg_labels *labels, size_t *count) {
    if (labels->port->class_names) {
        *count = (size_t)labels->port->classes;
        return labels->port->class_names;
    }
    *count = labels->learning ? labels->count : labels->encoding->class_count;
    return (const char *const *)(labels->learning ? labels->names : labels->encoding->classes);
}

static size_t find(const char *const *names, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return SIZE_MAX;
}

bool yg_labels_known(const yg_labels *labels, const char *text) {
    size_t count;
    const char *const *names = known_names(labels, &count);
    return find(names, count, text) != SIZE_MAX;
}

/* Whether a label is a class index by itself. */
static bool is_index(const yg_labels *labels, const char *text, double *value) {
    return yg_number_parse(text, strlen(text), value) == YG_NUMBER_INTEGER && *value >= 0 &&
           *value < (double)labels->port->classes;
}

static bool learn(yg_labels *labels, const char *text, const char *place, yg_origin origin,
                  double *value, yg_error *error) {
    if (labels->count >= (size_t)labels->port->classes)
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "%s: '%.60s' is label number %zu; '%s' has %" PRId64
                       " classes (the others: '%.60s', …)",
                       place, text, labels->count + 1, labels->port->name, labels->port->classes,
                       labels->names[0]);
    char **grown = realloc(labels->names, (labels->count + 1) * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    labels->names = grown;
    grown[labels->count] = strdup(text);
    if (!grown[labels->count])
        return yg_fail_memory(error);
    *value = (double)labels->count++;
    return true;
}

bool yg_labels_value(yg_labels *labels, const char *text, const char *place, yg_origin origin,
                     double *value, yg_error *error) {
    size_t count;
    const char *const *names = known_names(labels, &count);
    const size_t index = find(names, count, text);
    if (index != SIZE_MAX) {
        *value = (double)index;
        return true;
    }
    if (labels->learning)
        return learn(labels, text, place, origin, value, error);
    if (count) {
        char hint[400];
        return yg_fail(error, YG_ERROR_DATA, origin, "%s: '%.60s' is not a class of '%s'%s", place,
                       text, labels->port->name, yg_suggest(text, names, count, hint, sizeof hint));
    }
    if (yg_number_parse(text, strlen(text), value) == YG_NUMBER_NOT)
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "%s: '%.60s' is not a class index, which the training data have for '%s'",
                       place, text, labels->port->name);
    return yg_value_fits(labels->port, *value, place, origin, error);
}

/* ------------------------------------------------------------------------------ learning ---- */

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* values[i]: from the order of appearance to `order`. */
static void renumber(double *values, int64_t count, const double *order) {
    for (int64_t i = 0; i < count; i++)
        values[i] = order[(size_t)values[i]];
}

static bool keep_names(yg_labels *labels, char *const *names, size_t count, yg_error *error) {
    labels->encoding->classes = calloc(count + 1, sizeof *labels->encoding->classes);
    if (!labels->encoding->classes)
        return yg_fail_memory(error);
    for (; labels->encoding->class_count < count; labels->encoding->class_count++) {
        char *copy = strdup(names[labels->encoding->class_count]);
        if (!copy)
            return yg_fail_memory(error);
        labels->encoding->classes[labels->encoding->class_count] = copy;
    }
    return true;
}

static bool sort_names(yg_labels *labels, double *order, yg_error *error) {
    if (labels->count != (size_t)labels->port->classes)
        return yg_fail(error, YG_ERROR_DATA, labels->port->origin,
                       "'%s' has %" PRId64 " classes, but the training data have %zu different "
                       "label%s",
                       labels->port->name, labels->port->classes, labels->count,
                       labels->count == 1 ? "" : "s");
    char **sorted = calloc(labels->count, sizeof *sorted);
    if (!sorted)
        return yg_fail_memory(error);
    memcpy(sorted, labels->names, labels->count * sizeof *sorted);
    qsort(sorted, labels->count, sizeof *sorted, by_text);
    for (size_t i = 0; i < labels->count; i++)
        order[i] = (double)find((const char *const *)sorted, labels->count, labels->names[i]);
    const bool good = keep_names(labels, sorted, labels->count, error);
    free(sorted);
    return good;
}

bool yg_labels_finish(yg_labels *labels, double *values, int64_t count, yg_error *error) {
    if (labels->port->class_names && !labels->encoding->classes)
        return keep_names(labels, (char *const *)labels->port->class_names,
                          (size_t)labels->port->classes, error);
    if (!labels->learning || !labels->count)
        return true;
    double *order = calloc(labels->count, sizeof *order);
    if (!order)
        return yg_fail_memory(error);
    bool indices = true;
    for (size_t i = 0; i < labels->count; i++)
        indices = is_index(labels, labels->names[i], &order[i]) && indices;
    const bool good = indices || sort_names(labels, order, error);
    if (good)
        renumber(values, count, order);
    free(order);
    return good;
}

void yg_labels_end(yg_labels *labels) {
    for (size_t i = 0; i < labels->count; i++)
        free(labels->names[i]);
    free(labels->names);
    *labels = (yg_labels){0};
}
