/*
 * What data need to know of ports: how many numbers an example takes, and the sizes of symbolic
 * dimensions, which the data decide.
 */
#include "source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool yg_reading_wants(const yg_reading *reading, size_t port) {
    const yg_balance *balance = &reading->data->balance;
    const bool computed = balance->how == YG_BALANCE_WEIGHTS && balance->into == port;
    return !computed && !yg_port_is_lengths(reading->data, port) &&
           (!reading->inputs_only || !yg_model_port(reading->model, port)->target);
}

bool yg_batch_symbol(const yg_model *model, const char **symbol, yg_error *error) {
    *symbol = NULL;
    for (size_t p = 0; p < yg_model_port_count(model); p++) {
        const yg_port *port = yg_model_port(model, p);
        const char *first = port->rank ? port->symbols[0] : NULL;
        if (!first)
            return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                           "'%s' has no batch dimension; data need a symbolic first dimension, as "
                           "in [B, 2]",
                           port->name);
        if (*symbol && strcmp(*symbol, first) != 0)
            return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                           "'%s' has the first dimension %s, other inputs and targets have %s; "
                           "examples are counted along one",
                           port->name, first, *symbol);
        *symbol = first;
        for (int d = 1; d < port->rank; d++)
            if (port->symbols[d] && strcmp(port->symbols[d], first) == 0)
                return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                               "'%s' has the batch dimension %s twice", port->name, first);
    }
    return *symbol || yg_fail(error, YG_ERROR_DATA, (yg_origin){yg_model_path(model), 0, 0},
                              "the model has no inputs");
}

/* ----------------------------------------------------------------------------- sequences ---- */

bool yg_port_is_ragged(const yg_data *data, const yg_port *port) {
    return data->sequencing.symbol && port->rank > 1 && port->symbols[1];
}

bool yg_port_is_lengths(const yg_data *data, size_t port) {
    return data->sequencing.symbol && data->sequencing.lengths == port;
}

double yg_port_pad(const yg_data *data, const yg_port *port) {
    const yg_value *value =
        data->sequencing.pad ? yg_value_get(data->sequencing.pad, port->name) : NULL;
    double number = port->target && !yg_dtype_is_float(port->dtype) ? -100 : 0;
    if (value)
        yg_value_float(value, "`pad`", -1e30, 1e30, &number, NULL);
    return number;
}

/* ---------------------------------------------------------------------------- dimensions ---- */

static int64_t find_dim(const yg_data *data, const char *symbol) {
    for (size_t i = 0; i < data->dim_count; i++)
        if (strcmp(data->dims[i].name, symbol) == 0)
            return data->dims[i].size;
    return -1;
}

static int64_t dimension(const yg_data *data, const yg_port *port, int d) {
    return port->symbols[d] ? find_dim(data, port->symbols[d]) : port->shape[d];
}

/* The first dimension of a row: behind the batch's, and behind that of a window's or a sequence's
 * rows. */
static int row_dimension(const yg_data *data, const yg_port *port) {
    return (data->series.length && port->rank > 1) || yg_port_is_ragged(data, port) ? 2 : 1;
}

int64_t yg_port_width(const yg_data *data, const yg_port *port) {
    int64_t width = 1;
    for (int d = row_dimension(data, port); d < port->rank; d++) {
        const int64_t size = dimension(data, port, d);
        if (size < 0 || (size > 0 && width > INT64_MAX / size))
            return -1;
        width *= size;
    }
    return width;
}

bool yg_port_type(const yg_data *data, const yg_port *port, yg_dtype dtype, int64_t batch,
                  yg_type *type, yg_error *error) {
    int64_t shape[YG_MAX_RANK] = {batch};
    for (int d = 1; d < port->rank; d++)
        shape[d] = d == 1 && yg_port_is_ragged(data, port) ? 1 : dimension(data, port, d);
    return yg_type_make(dtype, port->rank, shape, type, error);
}

bool yg_dimension_bind(const yg_reading *reading, const yg_port *port, int d, int64_t size,
                       yg_origin origin, yg_error *error) {
    yg_data *data = reading->data;
    const int64_t known = dimension(data, port, d);
    if (known == size)
        return true;
    if (known >= 0)
        return yg_fail(error, YG_ERROR_SHAPE, origin,
                       "'%s' has dimension %d of size %" PRId64 " here; expected %" PRId64 "%s%s",
                       port->name, d, size, known, port->symbols[d] ? ", as before for " : "",
                       port->symbols[d] ? port->symbols[d] : "");
    yg_dim *grown = realloc(data->dims, (data->dim_count + 1) * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    data->dims = grown;
    grown[data->dim_count++] = (yg_dim){port->symbols[d], size};
    return true;
}

void yg_port_rows(const yg_series *series, const yg_port *port, int64_t *lead, int64_t *span) {
    const int64_t all = port->target ? series->horizon : series->length;
    *span = port->rank > 1 ? all : 1;
    *lead = (port->target ? series->length : 0) + all - *span;
}

/* The dimension of a window's rows. */
static bool bind_rows(const yg_reading *reading, const yg_port *port, yg_error *error) {
    int64_t lead, span;
    yg_port_rows(&reading->data->series, port, &lead, &span);
    const int64_t known = dimension(reading->data, port, 1);
    if (known < 0 || known == span)
        return yg_dimension_bind(reading, port, 1, span, port->origin, error);
    return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                   "dimension 1 of '%s' is %" PRId64 ", but `windows` has `%s: %" PRId64
                   "`: these rows are the first dimension after the batch's",
                   port->name, known, port->target ? "horizon" : "length", span);
}

bool yg_width_bind(const yg_reading *reading, const yg_port *port, int64_t width, const char *what,
                   yg_origin origin, yg_error *error) {
    int64_t known = 1;
    int unknown = 0; /* the dimension that is to be solved; 0: none */
    const int first = row_dimension(reading->data, port);
    if (reading->data->series.length && first > 1 && !bind_rows(reading, port, error))
        return false;
    for (int d = first; d < port->rank; d++) {
        const int64_t size = dimension(reading->data, port, d);
        if (size < 0 && unknown)
            return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                           "'%s' has two dimensions, %s and %s, that %" PRId64
                           " %ss cannot decide; write numbers",
                           port->name, port->symbols[unknown], port->symbols[d], width, what);
        if (size < 0)
            unknown = d;
        else if (size > 0 && known > INT64_MAX / size)
            return yg_fail_memory(error);
        else
            known *= size;
    }
    if (unknown && known > 0 && width % known == 0)
        return yg_dimension_bind(reading, port, unknown, width / known, origin, error);
    if (!unknown && known == width)
        return true;
    return yg_fail(error, YG_ERROR_SHAPE, origin,
                   "'%s' takes %s%" PRId64 " %s%s %s; %" PRId64 " %s given", port->name,
                   unknown ? "a multiple of " : "", known, what, known == 1 ? "" : "s",
                   first > 1 ? "a row" : "an example", width, width == 1 ? "is" : "are");
}

bool yg_port_is_label(const yg_data *data, const yg_port *port) {
    return port->classes > 0 && yg_port_width(data, port) == 1;
}

bool yg_value_is_kept(const yg_reading *reading, size_t port) {
    const yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    return !encoding->formula && !encoding->standardized;
}
