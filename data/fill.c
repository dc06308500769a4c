/*
 * Filling buffers with examples: see fill.h.
 */
#include "fill.h"

#include "decoder.h"
#include "sequences.h"

#include <stdlib.h>
#include <string.h>

enum { SCRATCH = 32 * 1024 };

bool yg_fill_scratch_make(const yg_part *part, yg_fill_scratch *scratch, yg_error *error) {
    const yg_dataset *dataset = part->dataset;
    scratch->weights = part->weights;
    for (size_t p = 0; p < dataset->port_count; p++) {
        const yg_elements *elements = &dataset->ports[p];
        const size_t size = (size_t)elements->width * yg_elements_size(elements);
        if (elements->decoder && scratch->size < SCRATCH)
            scratch->size = SCRATCH;
        if (elements->decoder && scratch->size < size)
            scratch->size = size;
    }
    if (scratch->size)
        scratch->bytes = malloc(scratch->size);
    return !scratch->size || scratch->bytes || yg_fail_memory(error);
}

void yg_fill_scratch_free(yg_fill_scratch *scratch) {
    free(scratch->bytes);
    *scratch = (yg_fill_scratch){0};
}

/* Copies examples of `size` bytes each. With a constant size the compiler turns memcpy into one
 * load and one store, so the common sizes have a loop of their own. */
static void gather(char *to, const char *from, const int64_t *order, int64_t count, size_t size) {
    switch (size) {
    case 1:
        for (int64_t i = 0; i < count; i++)
            to[i] = from[order[i]];
        break;
    case 4:
        for (int64_t i = 0; i < count; i++)
            memcpy(to + 4 * i, from + 4 * order[i], 4);
        break;
    case 8:
        for (int64_t i = 0; i < count; i++)
            memcpy(to + 8 * i, from + 8 * order[i], 8);
        break;
    default:
        for (int64_t i = 0; i < count; i++)
            memcpy(to + size * (size_t)i, from + size * (size_t)order[i], size);
    }
}

/* As many as the scratch holds are put beside each other there, then decoded. */
static void decode(const yg_elements *elements, const yg_chosen *c, const yg_fill_scratch *scratch,
                   char *to) {
    const size_t size = (size_t)elements->width * yg_elements_size(elements);
    const size_t decoded = (size_t)elements->width * yg_dtype_size(elements->dtype);
    const int64_t limit = (int64_t)(scratch->size / size);
    for (int64_t at = 0; at < c->count; at += limit) {
        const int64_t count = c->count - at < limit ? c->count - at : limit;
        gather(scratch->bytes, elements->data, c->order + at, count, size);
        yg_decode(elements->decoder, scratch->bytes, count, to + (size_t)at * decoded);
    }
}

/* Examples that overlap are copied one after the other. */
static void fill_windows(const yg_elements *elements, const yg_chosen *c, char *to) {
    const yg_decoder *decoder = elements->decoder;
    const size_t size = (size_t)elements->width * yg_dtype_size(elements->dtype);
    for (int64_t i = 0; i < c->count; i++, to += size) {
        const void *at = yg_elements_at(elements, c->order ? c->order[i] : c->first + i);
        if (decoder)
            yg_decode(decoder, at, elements->width / decoder->width, to);
        else
            memcpy(to, at, size);
    }
}

/* Sequences are padded to the rows that the feed has for each example. */
static void fill_sequences(const yg_elements *elements, const yg_sequences *sequences,
                           const yg_chosen *c, int64_t rows, char *to) {
    const size_t size = (size_t)elements->width * yg_dtype_size(elements->dtype);
    for (int64_t i = 0; i < c->count; i++, to += (size_t)rows * size) {
        const int64_t example = c->order ? c->order[i] : c->first + i;
        const int64_t length = sequences->lengths[example];
        const int64_t used = length < rows ? length : rows;
        const void *at = yg_elements_at(elements, sequences->begins[example]);
        if (elements->decoder)
            yg_decode(elements->decoder, at, used, to);
        else
            memcpy(to, at, (size_t)used * size);
        if (elements->pad == 0)
            memset(to + (size_t)used * size, 0, (size_t)(rows - used) * size);
        for (int64_t k = used * elements->width; elements->pad != 0 && k < rows * elements->width;
             k++)
            yg_element_set(elements->dtype, to, k, elements->pad);
    }
}

static void fill_lengths(const yg_elements *elements, const yg_sequences *sequences,
                         const yg_chosen *c, void *to) {
    for (int64_t i = 0; i < c->count; i++)
        yg_element_set(elements->dtype, to, i,
                       sequences->lengths[c->order ? c->order[i] : c->first + i]);
}

void yg_fill_port(const yg_elements *elements, const yg_chosen *c, const yg_fill_scratch *scratch,
                  void *to) {
    const size_t size = (size_t)elements->width * yg_elements_size(elements);
    if (!size || !to)
        return;
    if (elements->row)
        fill_windows(elements, c, to);
    else if (elements->decoder && c->order)
        decode(elements, c, scratch, to);
    else if (elements->decoder)
        yg_decode(elements->decoder, yg_elements_at(elements, c->first), c->count, to);
    else if (c->order)
        gather(to, elements->data, c->order, c->count, size);
    else
        memcpy(to, (const char *)elements->data + size * (size_t)c->first, size * (size_t)c->count);
}

/* Computes weights from the examples' classes. */
static void fill_weights(const yg_dataset *dataset, const yg_chosen *c,
                         const yg_fill_scratch *scratch, void *to) {
    enum { SOME = 256 };
    const yg_class_weights *weights = scratch->weights;
    const yg_elements *by = &dataset->ports[weights->by];
    const yg_dtype dtype = dataset->ports[weights->port].dtype;
    int64_t classes[SOME]; /* large and aligned enough for every type */
    for (int64_t at = 0; to && at < c->count; at += SOME) {
        const int64_t count = c->count - at < SOME ? c->count - at : SOME;
        const yg_chosen some = {c->order ? c->order + at : NULL, c->first + at, count};
        yg_fill_port(by, &some, scratch, classes);
        for (int64_t i = 0; i < count; i++) {
            const double class = yg_element_get(by->dtype, classes, i);
            const bool known = class >= 0 && class < (double)weights->count;
            yg_element_set(dtype, to, at + i, known ? weights->values[(int64_t) class] : 1);
        }
    }
}

void yg_fill_feeds(const yg_dataset *dataset, const yg_chosen *chosen,
                   const yg_fill_scratch *scratch, const yg_feed *feeds, size_t feed_count,
                   int64_t row) {
    for (size_t f = 0; f < feed_count; f++) {
        const yg_elements *elements = &dataset->ports[feeds[f].port];
        const int64_t width = elements->ragged ? feeds[f].width : elements->width;
        const size_t skipped = (size_t)(row * width) * yg_dtype_size(elements->dtype);
        char *to = feeds[f].data ? (char *)feeds[f].data + skipped : NULL;
        if (scratch->weights && scratch->weights->port == feeds[f].port)
            fill_weights(dataset, chosen, scratch, to);
        else if (to && elements->lengths)
            fill_lengths(elements, dataset->sequences, chosen, to);
        else if (to && elements->ragged && elements->width)
            fill_sequences(elements, dataset->sequences, chosen, width / elements->width, to);
        else if (!elements->lengths && !elements->ragged)
            yg_fill_port(elements, chosen, scratch, to);
    }
}
