/*
 * Examples in memory, each port in a type of its own: see source.h.
 */
#include "decoder.h"
#include "digest.h"
#include "keep.h"
#include "owners.h"
#include "sequences.h"
#include "spool.h"
#include "stream.h"

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

static bool reserve_port(const yg_reading *reading, size_t p, const yg_dataset *dataset,
                         int64_t capacity, yg_error *error) {
    const yg_port *port = yg_model_port(reading->model, p);
    const int64_t width = yg_port_width(reading->data, port);
    yg_elements *elements = &dataset->ports[p];
    if (!elements->data && !elements->decoder)
        *elements = (yg_elements){.dtype = first_dtype(reading, p), .width = width};
    if (dataset->sequences && yg_port_is_ragged(reading->data, port)) {
        elements->ragged = true;
        elements->pad = yg_port_pad(reading->data, port);
        if (elements->data)
            return true;
        capacity = 0; /* its rows are counted by themselves: yg_sequences_append() */
    }
    if (width < 0 || (width > 0 && capacity > (int64_t)(SIZE_MAX / 32) / width))
        return yg_fail_memory(error);
    const size_t bytes = (size_t)(capacity * width) * yg_elements_size(elements);
    void *grown = realloc(elements->data, bytes + 8);
    if (!grown)
        return yg_fail_memory(error);
    elements->data = grown;
    return true;
}

bool yg_dataset_begin(const yg_reading *reading, yg_dataset *dataset, yg_error *error) {
    const size_t ports = yg_model_port_count(reading->model);
    *dataset = (yg_dataset){.ports = calloc(ports + 1, sizeof *dataset->ports)};
    if (!dataset->ports)
        return yg_fail_memory(error);
    dataset->port_count = ports;
    for (size_t p = 0; p < ports; p++)
        if (yg_port_is_lengths(reading->data, p))
            dataset->ports[p] = (yg_elements){
                .dtype = yg_model_port(reading->model, p)->dtype, .width = 1, .lengths = true};
    if (reading->data->sequencing.symbol && !reading->data->sequencing.by &&
        !(dataset->sequences = calloc(1, sizeof *dataset->sequences)))
        return yg_fail_memory(error);
    return true;
}

bool yg_dataset_reserve(const yg_reading *reading, yg_dataset *dataset, int64_t capacity,
                        yg_error *error) {
    if (!dataset->ports && !yg_dataset_begin(reading, dataset, error))
        return false;
    for (size_t p = 0; p < dataset->port_count; p++)
        if (yg_reading_wants(reading, p) && !reserve_port(reading, p, dataset, capacity, error))
            return false;
    return true;
}

void yg_dataset_free(yg_dataset *dataset) {
    for (size_t p = 0; dataset->ports && p < dataset->port_count; p++) {
        free(dataset->ports[p].data);
        yg_decoder_free(dataset->ports[p].decoder);
    }
    free(dataset->ports);
    yg_spool_free(dataset->spool);
    yg_kept_free(dataset->kept);
    if (dataset->starts)
        yg_owners_free(dataset->starts);
    free(dataset->starts);
    yg_sequences_free(dataset->sequences);
    *dataset = (yg_dataset){0};
}

uint64_t yg_part_digest(const yg_part *part) {
    uint64_t digest = YG_DIGEST_BEGIN;
    const yg_owners *starts = part->count > 0 ? part->dataset->starts : NULL;
    if (part->count > 0 && part->dataset->spool && part->dataset->sequences)
        return yg_digest(yg_spool_digest(part->dataset->spool), part->dataset->sequences->lengths,
                         (size_t)part->dataset->count * sizeof(int32_t));
    if (part->count > 0 && part->dataset->spool)
        return starts ? yg_digest(yg_spool_digest(part->dataset->spool), starts->bits,
                                  (size_t)starts->count / 4 + 1)
                      : yg_spool_digest(part->dataset->spool);
    for (size_t p = 0; part->count > 0 && p < part->dataset->port_count; p++) {
        const yg_elements *elements = &part->dataset->ports[p];
        const yg_sequences *s = elements->ragged ? part->dataset->sequences : NULL;
        const size_t size = (size_t)elements->width * yg_elements_size(elements);
        for (int64_t e = 0; elements->data && e < part->count; e++) {
            const int64_t example = part->members ? part->members[e] : e;
            if (s)
                digest = yg_digest(digest, &s->lengths[example], sizeof *s->lengths);
            digest = yg_digest(digest, yg_elements_at(elements, s ? s->begins[example] : example),
                               size * (s ? (size_t)s->lengths[example] : 1));
        }
    }
    return digest;
}
