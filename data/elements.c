/*
 * Elements of one port in memory: see source.h.
 */
#include "decoder.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

size_t yg_elements_size(const yg_elements *elements) {
    return elements->decoder ? (size_t)elements->decoder->kind.size
                             : yg_dtype_size(elements->dtype);
}

int64_t yg_elements_row(const yg_elements *elements) {
    return elements->row ? elements->row : elements->width;
}

void *yg_elements_at(const yg_elements *elements, int64_t example) {
    return (char *)elements->data +
           (size_t)((example + elements->lead) * yg_elements_row(elements)) *
               yg_elements_size(elements);
}

yg_origin yg_standardize_place(const yg_reading *reading, const char *name) {
    const yg_value *section = yg_model_section(reading->model, "data");
    const yg_value *list = section ? yg_value_get(section, "standardize") : NULL;
    for (size_t i = 0; list && list->kind == YG_SEQUENCE && i < list->count; i++)
        if (list->items[i]->kind == YG_SCALAR && strcmp(list->items[i]->text, name) == 0)
            return list->items[i]->origin;
    return YG_NOWHERE;
}

bool yg_elements_fail_large(const yg_reading *reading, size_t port, int64_t width, double value,
                            int64_t element, yg_error *error) {
    const yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    const int64_t within = element % width;
    char column[220] = "";
    if (within < (int64_t)encoding->column_count)
        snprintf(column, sizeof column, ", column '%.200s'", encoding->columns[within]);
    const char *name = yg_model_port(reading->model, port)->name;
    return yg_fail(error, YG_ERROR_DATA,
                   encoding->formula ? encoding->formula_origin
                                     : yg_standardize_place(reading, name),
                   "'%s': element %" PRId64 " of row %" PRId64
                   "%s is %g after transform and standardisation, too large a number for f32",
                   name, within, element / width + 1, column, value);
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
            return yg_elements_fail_large(reading, port, to->width, value, first * to->width + i,
                                          error);
        memcpy(out + (size_t)i * sizeof rounded, &rounded, sizeof rounded);
    }
    return true;
}
