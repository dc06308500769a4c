/*
 * Settling a port that waited for its mean: see yg_dataset_settle() in source.h.
 */
#include "decoder.h"
#include "sequences.h"
#include "spool.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Whether no number that the tables hold can become too large by standardisation. */
static bool is_small(const yg_decoder *decoder) {
    double largest = decoder->value_count ? 0 : FLT_MAX;
    for (size_t i = 0; i < decoder->value_count; i++)
        if (isfinite(decoder->numbers[i]))
            largest = fmax(largest, fabs(decoder->numbers[i]));
    for (int64_t i = 0; i < decoder->width; i++)
        if (!((largest + fabs(decoder->mean[i])) / decoder->deviation[i] < 0.5 * (double)FLT_MAX))
            return false;
    return true;
}

/* Computes each example, and fails at the first element that is too large for f32. */
static bool check_all(const yg_decoder *decoder, const yg_reading *reading,
                      const yg_dataset *dataset, size_t port, yg_error *error) {
    const yg_part all = {.count = dataset->count, .dataset = dataset};
    yg_rows rows = {.part = &all, .port = port};
    double *row = calloc((size_t)decoder->width + 1, sizeof *row);
    bool good = row || yg_fail_memory(error);
    const size_t size = (size_t)decoder->width * (size_t)decoder->kind.size;
    int64_t number = 0; /* of the row */
    for (int64_t e = 0; good && e < dataset->count; e++) {
        const char *at = yg_rows_next(&rows, error);
        good = at != NULL;
        for (int64_t k = 0; good && k < rows.length; k++, number++) {
            yg_decode_numbers(decoder, at + (size_t)k * size, 1, row);
            yg_standardize_apply(&reading->data->encoding.ports[port], row, 1);
            for (int64_t i = 0; good && i < decoder->width; i++)
                good = isfinite((float)row[i]) ||
                       yg_elements_fail_large(reading, port, decoder->width, row[i],
                                              number * decoder->width + i, error);
        }
    }
    free(row);
    yg_rows_free(&rows);
    return good;
}

bool yg_decoder_settle(const yg_reading *reading, yg_dataset *dataset, size_t port,
                       yg_error *error) {
    const yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    yg_elements *elements = &dataset->ports[port];
    yg_decoder *decoder = elements->decoder;
    decoder->mean = encoding->mean;
    decoder->deviation = encoding->deviation;
    if (decoder->dtype == YG_F32 && !is_small(decoder) &&
        !check_all(decoder, reading, dataset, port, error))
        return false;
    if (dataset->spool && (size_t)decoder->kind.size >= yg_dtype_size(decoder->dtype))
        return yg_spool_decode(dataset, port, error);
    if ((size_t)decoder->kind.size == yg_dtype_size(decoder->dtype)) {
        yg_decode(decoder, elements->data, dataset->count, elements->data);
        elements->decoder = NULL;
        yg_decoder_free(decoder);
    }
    return true;
}

bool yg_dataset_settle(const yg_reading *reading, yg_dataset *dataset, size_t port,
                       yg_error *error) {
    yg_elements *elements = &dataset->ports[port];
    if (elements->decoder)
        return yg_decoder_settle(reading, dataset, port, error);
    yg_elements kept = *elements;
    kept.dtype = reading->dtype;
    const int64_t rows = yg_dataset_rows(dataset, port), count = rows * elements->width;
    yg_standardize_apply(&reading->data->encoding.ports[port], elements->data, rows);
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
