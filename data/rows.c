/*
 * Walking over the examples of a part: see spool.h.
 */
#include "decoder.h"
#include "owners.h"
#include "sequences.h"
#include "spool.h"

#include <stdlib.h>

enum { BUFFER = 256 * 1024 };

/* Reads the rows from number `first` on, as many as the buffer holds. */
static bool load(yg_rows *rows, int64_t first, yg_error *error) {
    const yg_dataset *dataset = rows->part->dataset;
    const yg_elements *elements = &dataset->ports[rows->port];
    const size_t row = (size_t)elements->width * yg_elements_size(elements);
    const int64_t room = row && row < BUFFER ? (int64_t)(BUFFER / row) : 1;
    if (!rows->buffer && !(rows->buffer = malloc((size_t)room * row + 1)))
        return yg_fail_memory(error);
    rows->first = first;
    rows->count = dataset->count - first < room ? dataset->count - first : room;
    return yg_spool_read(dataset, rows->port, first, rows->count, rows->buffer, error);
}

/* Reads the rows of one example. */
static const void *load_sequence(yg_rows *rows, int64_t example, yg_error *error) {
    const yg_dataset *dataset = rows->part->dataset;
    const yg_elements *elements = &dataset->ports[rows->port];
    const int64_t begin = dataset->sequences->begins[example];
    rows->length = dataset->sequences->lengths[example];
    if (!dataset->spool)
        return yg_elements_at(elements, begin);
    if (rows->length > rows->room) {
        const size_t row = (size_t)elements->width * yg_elements_size(elements);
        char *grown = realloc(rows->buffer, 2 * (size_t)rows->length * row + 1);
        if (!grown) {
            yg_fail_memory(error);
            return NULL;
        }
        rows->buffer = grown;
        rows->room = 2 * rows->length;
    }
    return yg_spool_read(dataset, rows->port, begin, rows->length, rows->buffer, error)
               ? rows->buffer
               : NULL;
}

const void *yg_rows_next(yg_rows *rows, yg_error *error) {
    const yg_part *part = rows->part;
    const yg_elements *elements = &part->dataset->ports[rows->port];
    int64_t example = rows->at++;
    rows->length = 1;
    if (!part->dataset->spool && part->members)
        example = part->members[example];
    while (part->dataset->spool && part->owners &&
           yg_owners_get(part->owners, example) != part->owner)
        example = rows->at++;
    if (elements->ragged)
        return load_sequence(rows, example, error);
    if (!part->dataset->spool)
        return yg_elements_at(elements, example);
    if ((!rows->buffer || example >= rows->first + rows->count) && !load(rows, example, error))
        return NULL;
    const size_t row = (size_t)elements->width * yg_elements_size(elements);
    return rows->buffer + (size_t)(example - rows->first) * row;
}

int64_t yg_rows_class(const yg_rows *rows, const void *at) {
    const yg_elements *elements = &rows->part->dataset->ports[rows->port];
    if (elements->decoder && elements->decoder->table) {
        const size_t value = yg_decoder_value(elements->decoder, at, 0);
        at = (const char *)elements->decoder->table + value * yg_dtype_size(elements->dtype);
    }
    return elements->dtype == YG_I64 ? *(const int64_t *)at
                                     : (int64_t)yg_element_get(elements->dtype, at, 0);
}

void yg_rows_free(yg_rows *rows) {
    free(rows->buffer);
    *rows = (yg_rows){0};
}
