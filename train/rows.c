/*
 * Examples written in the model file itself: `train: {x: [[0, 0], [0, 1]], y: [[0], [1]]}`. The
 * nesting of the lists is the port's shape, the batch first.
 */
#include "source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Binds the dimensions to the lengths of the first lists. */
static bool measure(const yg_source *source, const yg_port *port, const yg_value *rows,
                    yg_error *error) {
    const yg_value *value = rows;
    for (int d = 1; d < port->rank; d++) {
        if (!value->count || value->items[0]->kind != YG_SEQUENCE) {
            char found[80];
            return yg_fail(error, YG_ERROR_SHAPE,
                           value->count ? value->items[0]->origin : value->origin,
                           "'%s' has %d dimensions, so a list is expected here; found %s",
                           port->name, port->rank,
                           value->count ? yg_value_describe(value->items[0], found, sizeof found)
                                        : "an empty list");
        }
        value = value->items[0];
        if (!yg_dimension_bind(source, port, d, (int64_t)value->count, value->origin, error))
            return false;
    }
    return true;
}

/* One port's rows, being read. */
typedef struct reading {
    const yg_source *source;
    const yg_port *port;
    yg_labels labels; /* port NULL: numbers */
    double *at;
    yg_error *error;
} reading;

static bool read_scalar(reading *in, const yg_value *value) {
    char place[200];
    snprintf(place, sizeof place, "'%.150s'", in->port->name);
    if (in->labels.port && value->kind == YG_SCALAR)
        return yg_labels_value(&in->labels, value->text, place, value->origin, in->at++, in->error);
    return yg_value_float(value, place, 0, 0, in->at, in->error) &&
           yg_value_fits(in->port, *in->at++, place, value->origin, in->error);
}

/* A list at dimension `d` of the port. Nesting is as deep as the rank, so at most 8. */
static bool read_list(reading *in, const yg_value *value, int d) {
    if (d == in->port->rank)
        return read_scalar(in, value);
    if (value->kind != YG_SEQUENCE) {
        char found[80];
        return yg_fail(in->error, YG_ERROR_SHAPE, value->origin,
                       "'%s' has %d dimensions, so a list is expected here; found %s",
                       in->port->name, in->port->rank,
                       yg_value_describe(value, found, sizeof found));
    }
    if (d > 0 && !yg_dimension_bind(in->source, in->port, d, (int64_t)value->count, value->origin,
                                    in->error))
        return false;
    for (size_t i = 0; i < value->count; i++)
        if (!read_list(in, value->items[i], d + 1))
            return false;
    return true;
}

static bool read_port(const yg_source *source, size_t p, const yg_value *rows, yg_dataset *dataset,
                      yg_error *error) {
    reading in = {source, yg_model_port(source->model, p), {0}, dataset->values[p], error};
    if (yg_port_is_label(source->data, in.port))
        yg_labels_begin(source, p, &in.labels);
    const bool good = read_list(&in, rows, 0) &&
                      (!in.labels.port ||
                       yg_labels_finish(&in.labels, dataset->values[p], dataset->count, error));
    yg_labels_end(&in.labels);
    return good;
}

bool yg_read_rows(const yg_source *source, const yg_value *map, yg_dataset *dataset,
                  yg_error *error) {
    const size_t ports = yg_model_port_count(source->model);
    for (size_t p = 0; p < ports; p++) {
        const yg_port *port = yg_model_port(source->model, p);
        const yg_value *rows = yg_value_get(map, port->name);
        char found[80];
        if (!rows)
            return yg_fail(error, YG_ERROR_DATA, map->origin,
                           "no rows for %s '%s' (and no `csv:` to read them from)",
                           port->target ? "target" : "input", port->name);
        if (rows->kind != YG_SEQUENCE || !rows->count)
            return yg_fail(error, YG_ERROR_DATA, rows->origin,
                           "'%s' must be a list of examples, as there is no `csv:`; found %s",
                           port->name,
                           rows->count               ? yg_value_describe(rows, found, sizeof found)
                           : rows->kind == YG_SCALAR ? yg_value_describe(rows, found, sizeof found)
                                                     : "an empty list");
        if (dataset->count && (int64_t)rows->count != dataset->count)
            return yg_fail(error, YG_ERROR_DATA, rows->origin,
                           "'%s' has %zu examples; the ones before have %" PRId64, port->name,
                           rows->count, dataset->count);
        dataset->count = (int64_t)rows->count;
        if (!measure(source, port, rows, error))
            return false;
    }
    if (!yg_dataset_reserve(source, dataset, dataset->count, error))
        return false;
    for (size_t p = 0; p < ports; p++)
        if (!read_port(source, p, yg_value_get(map, yg_model_port(source->model, p)->name), dataset,
                       error))
            return false;
    return true;
}
