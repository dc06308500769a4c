/*
 * Examples in memory, each port in a type of its own: see source.h.
 */
#include "source.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The type that a port's elements have in the end: that of the network's buffer. */
static yg_dtype kept_dtype(const yg_reading *reading, size_t port) {
    const yg_dtype dtype = yg_model_port(reading->model, port)->dtype;
    return yg_dtype_is_float(dtype) ? reading->dtype : dtype;
}

/* The type that they are read in: f64 for a port whose mean is not known yet, so that the mean is
 * computed from all digits. */
static yg_dtype first_dtype(const yg_reading *reading, size_t port) {
    const yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    return encoding->standardized && !encoding->mean ? YG_F64 : kept_dtype(reading, port);
}

static bool reserve_port(const yg_reading *reading, size_t p, yg_elements *elements,
                         int64_t capacity, yg_error *error) {
    const int64_t width = yg_port_width(reading->data, yg_model_port(reading->model, p));
    if (!elements->data)
        *elements = (yg_elements){.dtype = first_dtype(reading, p), .width = width};
    if (width < 0 || (width > 0 && capacity > (int64_t)(SIZE_MAX / 32) / width))
        return yg_fail_memory(error);
    const size_t bytes = (size_t)(capacity * width) * yg_dtype_size(elements->dtype);
    void *grown = realloc(elements->data, bytes + 8);
    if (!grown)
        return yg_fail_memory(error);
    elements->data = grown;
    return true;
}

bool yg_dataset_reserve(const yg_reading *reading, yg_dataset *dataset, int64_t capacity,
                        yg_error *error) {
    const size_t ports = yg_model_port_count(reading->model);
    if (!dataset->ports) {
        dataset->ports = calloc(ports + 1, sizeof *dataset->ports);
        if (!dataset->ports)
            return yg_fail_memory(error);
        dataset->port_count = ports;
    }
    for (size_t p = 0; p < ports; p++)
        if (yg_reading_wants(reading, p) &&
            !reserve_port(reading, p, &dataset->ports[p], capacity, error))
            return false;
    return true;
}

void yg_dataset_free(yg_dataset *dataset) {
    for (size_t p = 0; p < dataset->port_count; p++)
        free(dataset->ports[p].data);
    free(dataset->ports);
    *dataset = (yg_dataset){0};
}

void *yg_elements_at(const yg_elements *elements, int64_t example) {
    return (char *)elements->data +
           (size_t)(example * elements->width) * yg_dtype_size(elements->dtype);
}

/* The error for a number that is too large for a float. */
static bool fail_large(const yg_reading *reading, size_t port, double value, int64_t element,
                       int64_t first, const yg_elements *elements, yg_error *error) {
    const yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    const int64_t example = first + element / elements->width + 1;
    const int64_t within = element % elements->width;
    char column[220] = "";
    if (within < (int64_t)encoding->column_count)
        snprintf(column, sizeof column, ", column '%.200s'", encoding->columns[within]);
    const char *name = yg_model_port(reading->model, port)->name;
    return yg_fail(error, YG_ERROR_DATA,
                   encoding->formula ? encoding->formula_origin
                                     : yg_standardize_place(reading, name),
                   "'%s': element %" PRId64 " of row %" PRId64
                   "%s is %g after transform and standardisation, too large a number for f32",
                   name, within, example, column, value);
}

bool yg_elements_store(const yg_reading *reading, size_t port, const double *values, int64_t count,
                       int64_t first, const yg_elements *to, int64_t begin, yg_error *error) {
    if (to->dtype == YG_F64) {
        memmove((double *)to->data + begin, values, (size_t)count * sizeof *values);
        return true;
    }
    /* `to` may be the memory of `values` itself, so floats are copied as bytes, from the front.
     * That is safe: float i never reaches beyond the start of double i + 1. */
    unsigned char *out = (unsigned char *)to->data + (size_t)begin * sizeof(float);
    const unsigned char *in = (const unsigned char *)values;
    for (int64_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, in + (size_t)i * sizeof value, sizeof value);
        const float rounded = (float)value;
        if (!isfinite(rounded))
            return fail_large(reading, port, value, i, first, to, error);
        memcpy(out + (size_t)i * sizeof rounded, &rounded, sizeof rounded);
    }
    return true;
}

bool yg_dataset_settle(const yg_reading *reading, yg_dataset *dataset, size_t port,
                       yg_error *error) {
    yg_elements *elements = &dataset->ports[port];
    const yg_elements kept = {kept_dtype(reading, port), elements->width, elements->data};
    const int64_t count = dataset->count * elements->width;
    if (kept.dtype == elements->dtype)
        return true;
    if (!yg_elements_store(reading, port, elements->data, count, 0, &kept, 0, error))
        return false;
    *elements = kept;
    void *smaller = realloc(kept.data, (size_t)count * yg_dtype_size(kept.dtype) + 8);
    if (smaller)
        elements->data = smaller;
    return true;
}
