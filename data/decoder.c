/*
 * Decoders: see decoder.h.
 */
#include "decoder.h"

#include "../ops/multiversion.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool yg_decoder_fits(const yg_reading *reading, size_t port, const yg_element_kind *kind) {
    const yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    const yg_dtype own = yg_model_port(reading->model, port)->dtype;
    const yg_dtype dtype = yg_dtype_is_float(own) ? reading->dtype : own;
    const bool smaller = (size_t)kind->size < yg_dtype_size(dtype);
    if (kind->size <= 2)
        return smaller &&
               (dtype == YG_F32 || dtype == YG_F64 || dtype == YG_I32 || dtype == YG_I64);
    /* Without a decoder, elements that wait for their mean are held in f64. */
    const bool waits = encoding->standardized && !encoding->mean;
    return kind->kind == 'f' && kind->size == 4 && !kind->swapped && !encoding->formula &&
           yg_dtype_is_float(dtype) && !yg_model_port(reading->model, port)->classes &&
           (smaller || waits);
}

/* ------------------------------------------------------------------------------ the tables --- */

/* The number of a value of one or two bytes, as an element of the type that sources give. A value
 * that is none of that type becomes 0; sources refuse it before it is decoded. */
static void first_element(const yg_element_kind *kind, size_t value, yg_dtype dtype, void *to) {
    const uint8_t narrow = (uint8_t)value;
    const uint16_t wide = (uint16_t)value;
    const void *bytes = kind->size == 1 ? (const void *)&narrow : &wide;
    int64_t whole = 0;
    if (dtype == YG_F64) {
        ((double *)to)[value] = yg_element_number(kind, bytes, 0);
        return;
    }
    if (!yg_element_whole(kind, bytes, 0, &whole))
        whole = 0;
    if (dtype == YG_I32)
        ((int32_t *)to)[value] = (int32_t)whole;
    else
        ((int64_t *)to)[value] = whole;
}

static bool make_tables(yg_decoder *decoder, const yg_reading *reading, size_t port,
                        yg_error *error) {
    const yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    const bool is_float = yg_dtype_is_float(decoder->dtype);
    const yg_dtype dtype = is_float ? YG_F64 : decoder->dtype;
    const size_t count = decoder->value_count;
    void *values = calloc(count + 1, yg_dtype_size(dtype));
    if (!values)
        return yg_fail_memory(error);
    if (is_float)
        decoder->numbers = values;
    else
        decoder->table = values;
    for (size_t i = 0; i < count; i++)
        first_element(&decoder->kind, i, dtype, values);
    if (encoding->formula && !yg_transform_values(reading, port, values, (int64_t)count, error))
        return false;
    if (!is_float)
        return true;
    decoder->table = calloc(count + 1, yg_dtype_size(decoder->dtype));
    if (!decoder->table)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        yg_element_set(decoder->dtype, decoder->table, (int64_t)i, decoder->numbers[i]);
    return true;
}

yg_decoder *yg_decoder_new(const yg_reading *reading, size_t port, const yg_element_kind *kind,
                           yg_error *error) {
    const yg_port *of = yg_model_port(reading->model, port);
    const yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    yg_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) {
        yg_fail_memory(error);
        return NULL;
    }
    *decoder = (yg_decoder){.kind = *kind,
                            .dtype = yg_dtype_is_float(of->dtype) ? reading->dtype : of->dtype,
                            .width = yg_port_width(reading->data, of),
                            .value_count = kind->size > 2 ? 0 : (size_t)1 << 8 * kind->size,
                            .mean = encoding->mean,
                            .deviation = encoding->deviation};
    if (!decoder->value_count || make_tables(decoder, reading, port, error))
        return decoder;
    yg_decoder_free(decoder);
    return NULL;
}

void yg_decoder_free(yg_decoder *decoder) {
    if (!decoder)
        return;
    free(decoder->numbers);
    free(decoder->table);
    free(decoder);
}

/* ------------------------------------------------------------------------------- checking --- */

size_t yg_decoder_value(const yg_decoder *decoder, const void *bytes, int64_t index) {
    uint16_t wide;
    if (decoder->kind.size == 1)
        return ((const uint8_t *)bytes)[index];
    memcpy(&wide, (const char *)bytes + 2 * index, sizeof wide);
    return wide;
}

bool yg_decoder_check(const yg_decoder *decoder, const yg_reading *reading, size_t port,
                      size_t value, int64_t element, yg_error *error) {
    const yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    if (!decoder->numbers)
        return true;
    const double number = decoder->numbers[value];
    if (encoding->formula && !isfinite(number)) {
        const uint8_t narrow = (uint8_t)value;
        const uint16_t wide = (uint16_t)value;
        const void *bytes = decoder->kind.size == 1 ? (const void *)&narrow : &wide;
        return yg_transform_fail(reading, port, yg_element_number(&decoder->kind, bytes, 0), number,
                                 element, error);
    }
    return encoding->standardized || decoder->dtype == YG_F64 || isfinite((float)number) ||
           yg_elements_fail_large(reading, port, decoder->width, number, element, error);
}

/* ------------------------------------------------------------------------------- decoding --- */

/* A load and a store of a constant size an element, so that the compiler can unroll. */
#define LOOK_UP(name, from_type, to_type)                                                          \
    YG_MULTIVERSION static void name(const void *bytes, const void *table, int64_t count,          \
                                     void *out) {                                                  \
        const from_type *from = bytes;                                                             \
        const to_type *values = table;                                                             \
        to_type *to = out;                                                                         \
        for (int64_t i = 0; i < count; i++)                                                        \
            to[i] = values[from[i]];                                                               \
    }

LOOK_UP(look_up_1_4, uint8_t, uint32_t)
LOOK_UP(look_up_1_8, uint8_t, uint64_t)
LOOK_UP(look_up_2_4, uint16_t, uint32_t)
LOOK_UP(look_up_2_8, uint16_t, uint64_t)

static void look_up(const yg_decoder *decoder, const void *bytes, const void *table, size_t size,
                    int64_t count, void *to) {
    if (decoder->kind.size == 1)
        (size == 4 ? look_up_1_4 : look_up_1_8)(bytes, table, count, to);
    else
        (size == 4 ? look_up_2_4 : look_up_2_8)(bytes, table, count, to);
}

YG_MULTIVERSION static void widen(const float *from, int64_t count, double *to) {
    for (int64_t i = 0; i < count; i++)
        to[i] = from[i];
}

/* As yg_standardize_apply(), rounded. */
YG_MULTIVERSION static void scale_f32(const double *numbers, const double *mean,
                                      const double *deviation, int64_t count, float *to) {
    for (int64_t i = 0; i < count; i++)
        to[i] = (float)((numbers[i] - mean[i]) / deviation[i]);
}

YG_MULTIVERSION static void scale_f64(const double *numbers, const double *mean,
                                      const double *deviation, int64_t count, double *to) {
    for (int64_t i = 0; i < count; i++)
        to[i] = (numbers[i] - mean[i]) / deviation[i];
}

/* Numbers of elements before standardisation. */
static void get_numbers(const yg_decoder *decoder, const void *bytes, int64_t count, double *to) {
    if (decoder->value_count)
        look_up(decoder, bytes, decoder->numbers, sizeof(double), count, to);
    else if (decoder->kind.size == 4)
        widen(bytes, count, to);
    else
        memcpy(to, bytes, (size_t)count * sizeof *to);
}

void yg_decode_numbers(const yg_decoder *decoder, const void *bytes, int64_t count, double *to) {
    get_numbers(decoder, bytes, count * decoder->width, to);
}

/* Elements of one example, some at a time. */
static void decode_scaled(const yg_decoder *decoder, const char *bytes, char *to) {
    enum { SOME = 256 };
    double numbers[SOME];
    const size_t size = yg_dtype_size(decoder->dtype);
    for (int64_t at = 0; at < decoder->width; at += SOME) {
        const int64_t count = decoder->width - at < SOME ? decoder->width - at : SOME;
        const double *mean = decoder->mean + at, *deviation = decoder->deviation + at;
        get_numbers(decoder, bytes + (size_t)at * (size_t)decoder->kind.size, count, numbers);
        if (decoder->dtype == YG_F32)
            scale_f32(numbers, mean, deviation, count, (float *)(void *)(to + (size_t)at * size));
        else
            scale_f64(numbers, mean, deviation, count, (double *)(void *)(to + (size_t)at * size));
    }
}

void yg_decode(const yg_decoder *decoder, const void *bytes, int64_t count, void *to) {
    const size_t size = yg_dtype_size(decoder->dtype);
    const int64_t total = count * decoder->width;
    if (decoder->mean)
        for (int64_t e = 0; e < count; e++)
            decode_scaled(decoder,
                          (const char *)bytes +
                              (size_t)(e * decoder->width) * (size_t)decoder->kind.size,
                          (char *)to + (size_t)(e * decoder->width) * size);
    else if (decoder->value_count)
        look_up(decoder, bytes, decoder->table, size, total, to);
    else if (decoder->kind.size == 4 && decoder->dtype == YG_F64)
        widen(bytes, total, to);
    else
        memcpy(to, bytes, (size_t)total * size);
}
