/*
 * Reading all examples of a source, into memory or, where they are too large for it, into a file.
 */
#include "decoder.h"
#include "keep.h"
#include "sequences.h"
#include "spool.h"

#include <stdlib.h>
#include <string.h>

/* A source that is being read. */
typedef struct collecting {
    yg_reader *reader;
    const yg_reading *reading;
    yg_dataset *to;
    int64_t capacity; /* examples that `to` has room for */
    yg_spool *spool;  /* NULL: all is in memory so far */
    int64_t spooled;  /* examples in it */
    int64_t *largest; /* by port: the largest class that was spooled */
    yg_error *error;
} collecting;

static int64_t bytes_of(const yg_dataset *dataset, int64_t count) {
    int64_t row = 0, sequences = 0;
    for (size_t p = 0; p < dataset->port_count; p++)
        if (dataset->ports[p].data && dataset->ports[p].ragged)
            sequences += dataset->sequences->rows * dataset->ports[p].width *
                         (int64_t)yg_elements_size(&dataset->ports[p]);
        else if (dataset->ports[p].data)
            row += dataset->ports[p].width * (int64_t)yg_elements_size(&dataset->ports[p]);
    return row && count > (INT64_MAX - sequences) / row ? INT64_MAX : count * row + sequences;
}

static bool reserve(collecting *c, int64_t capacity) {
    c->capacity = capacity;
    return yg_dataset_reserve(c->reading, c->to, capacity, c->error);
}

/* Room for one more chunk. */
static bool make_room(collecting *c) {
    const int64_t room = yg_reader_room(c->reader), needed = c->to->count + room;
    const int64_t known = yg_reader_total(c->reader) + room;
    return needed <= c->capacity || reserve(c, known > needed ? known : needed + c->to->count / 2);
}

/* ------------------------------------------------------------------------------ spooling ----- */

/* Whether a port's classes may be provisional until all are known. */
static bool is_label(const collecting *c, size_t p) {
    return c->reading->training && c->to->ports[p].data && !c->to->ports[p].decoder &&
           c->to->ports[p].width == 1 && yg_model_port(c->reading->model, p)->classes > 0;
}

static bool append(collecting *c) {
    const int64_t count = c->to->count;
    for (size_t p = 0; p < c->to->port_count; p++) {
        const yg_elements *elements = &c->to->ports[p];
        for (int64_t i = 0; is_label(c, p) && i < count; i++) {
            const int64_t class = (int64_t)yg_element_get(elements->dtype, elements->data, i);
            c->largest[p] = class > c->largest[p] ? class : c->largest[p];
        }
    }
    if (!yg_spool_append(c->spool, c->to, count, c->spooled, c->error))
        return false;
    c->spooled += count;
    c->to->count = 0;
    if (c->to->sequences)
        yg_sequences_clear(c->to->sequences);
    return true;
}

static bool begin_spool(collecting *c) {
    c->spool = yg_spool_new(c->to, c->reading->memory, c->error);
    if (c->spool)
        c->spool->stop = c->reading->data->stop;
    if (c->spool && !(c->largest = calloc(c->to->port_count + 1, sizeof *c->largest)))
        yg_fail_memory(c->error);
    return c->spool && c->largest && append(c) && reserve(c, yg_reader_room(c->reader));
}

/* Replaces the classes of a port by those that they have become. */
static bool renumber(const collecting *c, size_t p, const yg_elements *classes) {
    enum { SOME = 4096 };
    const yg_elements *elements = &c->to->ports[p];
    double buffer[SOME]; /* large and aligned enough for every type */
    bool good = true, same = true;
    for (int64_t k = 0; k <= c->largest[p]; k++)
        same = same && (int64_t)yg_element_get(classes->dtype, classes->data, k) == k;
    for (int64_t at = 0; good && !same && at < c->to->count; at += SOME) {
        const int64_t count = c->to->count - at < SOME ? c->to->count - at : SOME;
        good = yg_spool_read(c->to, p, at, count, buffer, c->error);
        for (int64_t i = 0; good && i < count; i++) {
            const double met = yg_element_get(elements->dtype, buffer, i);
            yg_element_set(elements->dtype, buffer, i,
                           yg_element_get(classes->dtype, classes->data, (int64_t)met));
        }
        good = good && yg_spool_replace(c->to, p, at, count, buffer, c->error);
    }
    return good;
}

/* Lets the source decide which label is which class. It is shown each class once, in place of the
 * examples: then it tells what each has become. */
static bool finish_labels(collecting *c) {
    const size_t ports = c->to->port_count;
    int64_t count = 0;
    yg_dataset shown = {.port_count = ports, .ports = calloc(ports + 1, sizeof *shown.ports)};
    bool good = shown.ports || yg_fail_memory(c->error);
    for (size_t p = 0; p < ports; p++)
        count = c->largest[p] >= count ? c->largest[p] + 1 : count;
    shown.count = count;
    for (size_t p = 0; good && p < ports; p++) {
        shown.ports[p] = (yg_elements){.dtype = c->to->ports[p].dtype, .width = 1};
        if (!is_label(c, p))
            continue;
        shown.ports[p].data = calloc((size_t)count + 1, sizeof(double));
        good = shown.ports[p].data || yg_fail_memory(c->error);
        for (int64_t k = 0; good && k <= c->largest[p]; k++)
            yg_element_set(shown.ports[p].dtype, shown.ports[p].data, k, (double)k);
    }
    good = good && yg_reader_finish(c->reader, &shown, c->error);
    for (size_t p = 0; good && p < ports; p++)
        if (is_label(c, p))
            good = renumber(c, p, &shown.ports[p]);
    yg_dataset_free(&shown);
    return good;
}

/* From here on the dataset is in the file. Elements that wait for their mean get a decoder. */
static bool end_spool(collecting *c) {
    static const yg_element_kind f64 = {.kind = 'f', .size = sizeof(double)};
    c->to->spool = c->spool;
    c->to->count = c->spooled;
    if (c->spool->sequences) {
        yg_sequences_free(c->to->sequences);
        c->to->sequences = c->spool->sequences;
        c->spool->sequences = NULL;
    }
    c->spool = NULL;
    if (!finish_labels(c))
        return false;
    for (size_t p = 0; p < c->to->port_count; p++) {
        yg_elements *elements = &c->to->ports[p];
        const yg_port_encoding *encoding = &c->reading->data->encoding.ports[p];
        if (elements->data && !elements->decoder && encoding->standardized && !encoding->mean) {
            if (!(elements->decoder = yg_decoder_new(c->reading, p, &f64, c->error)))
                return false;
            elements->dtype = elements->decoder->dtype;
        }
        free(elements->data);
        elements->data = NULL;
    }
    return true;
}

/* ------------------------------------------------------------------------------- reading ----- */

static bool is_too_large(const collecting *c, int64_t count) {
    return c->reading->memory > 0 && bytes_of(c->to, count) > c->reading->memory;
}

static bool begin_kept(const collecting *c) {
    return !c->reading->keep || (c->to->kept = calloc(1, sizeof *c->to->kept)) ||
           yg_fail_memory(c->error);
}

static bool collect(collecting *c) {
    int64_t count = 1;
    if (!yg_dataset_begin(c->reading, c->to, c->error) || !begin_kept(c) ||
        !yg_reader_hold(c->reader, c->to, c->error) || !reserve(c, yg_reader_room(c->reader)))
        return false;
    /* Where the number of examples is known, memory is not filled in vain. */
    if (is_too_large(c, yg_reader_total(c->reader)) && !begin_spool(c))
        return false;
    while (count > 0) {
        if (!make_room(c))
            return false;
        count = yg_reader_next(c->reader, c->to, yg_reader_room(c->reader), c->error);
        if (count < 0)
            return false;
        if (!c->spool && is_too_large(c, c->to->count) && !begin_spool(c))
            return false;
        if (c->spool && !append(c))
            return false;
    }
    return c->spool ? end_spool(c)
                    : reserve(c, c->to->count) && yg_reader_finish(c->reader, c->to, c->error);
}

bool yg_reader_all(yg_reader *reader, yg_dataset *to, yg_error *error) {
    collecting c = {
        .reader = reader, .reading = yg_reader_reading(reader), .to = to, .error = error};
    bool good = collect(&c);
    for (size_t p = 0; good && p < to->port_count; p++)
        if (to->ports[p].decoder && to->ports[p].decoder->mean)
            good = yg_decoder_settle(c.reading, to, p, error);
    yg_spool_free(c.spool);
    free(c.largest);
    return good;
}
