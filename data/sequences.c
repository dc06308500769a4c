/*
 * Sequences of differing length: see sequences.h.
 */
#include "sequences.h"

#include "decoder.h"
#include "repeats.h"

#include <inttypes.h>
#include <stdlib.h>

int64_t yg_sequences_padded(const yg_sequencing *sequencing, int64_t length) {
    int64_t step = 1;
    while (length / step >= 8)
        step *= 2;
    const int64_t padded = (length + step - 1) / step * step, most = sequencing->max_length;
    return most && padded > most ? most : padded;
}

/* ----------------------------------------------------------------------------- sequences ----- */

bool yg_sequences_add(yg_sequences *s, int64_t begin, int64_t length, yg_error *error) {
    if (s->count == s->capacity) {
        const int64_t capacity = s->capacity ? 2 * s->capacity : 64;
        int64_t *begins = realloc(s->begins, (size_t)capacity * sizeof *begins);
        if (!begins)
            return yg_fail_memory(error);
        s->begins = begins;
        int32_t *lengths = realloc(s->lengths, (size_t)capacity * sizeof *lengths);
        if (!lengths)
            return yg_fail_memory(error);
        s->lengths = lengths;
        s->capacity = capacity;
    }
    s->begins[s->count] = begin;
    s->lengths[s->count++] = (int32_t)length;
    return true;
}

void yg_sequences_free(yg_sequences *sequences) {
    if (!sequences)
        return;
    for (size_t p = 0; p < sequences->list_count; p++)
        free(sequences->lists[p].data);
    free(sequences->lists);
    free(sequences->begins);
    free(sequences->lengths);
    free(sequences);
}

yg_sequences *yg_sequences_new(const yg_model *model, yg_error *error) {
    yg_sequences *s = calloc(1, sizeof *s);
    const size_t ports = yg_model_port_count(model);
    if (s && (s->lists = calloc(ports + 1, sizeof *s->lists))) {
        s->list_count = ports;
        return s;
    }
    free(s);
    yg_fail_memory(error);
    return NULL;
}

void yg_sequences_clear(yg_sequences *sequences) {
    sequences->count = sequences->rows = 0;
    for (size_t p = 0; p < sequences->list_count; p++)
        sequences->lists[p].count = 0;
}

static bool reserve_rows(yg_dataset *to, int64_t capacity, yg_error *error) {
    for (size_t p = 0; p < to->port_count; p++) {
        yg_elements *elements = &to->ports[p];
        const size_t row = (size_t)elements->width * yg_elements_size(elements);
        if (!elements->ragged || !elements->data)
            continue;
        void *grown = row && (size_t)capacity > SIZE_MAX / 2 / row
                          ? NULL
                          : realloc(elements->data, (size_t)capacity * row + 8);
        if (!grown)
            return yg_fail_memory(error);
        elements->data = grown;
    }
    to->sequences->row_capacity = capacity;
    return true;
}

bool yg_sequences_append(const yg_sequences *chunk, yg_dataset *to, yg_error *error) {
    yg_sequences *s = to->sequences;
    const int64_t rows = s->rows + chunk->rows;
    if (rows > s->row_capacity && !reserve_rows(to, rows + rows / 2, error))
        return false;
    for (int64_t e = 0; e < chunk->count; e++)
        if (!yg_sequences_add(s, s->rows + chunk->begins[e], chunk->lengths[e], error))
            return false;
    s->rows = rows;
    return true;
}

static int64_t longer_of(const yg_sequences *s, int64_t example, int64_t longest) {
    return s->lengths[example] > longest ? s->lengths[example] : longest;
}

int64_t yg_part_longest(const yg_part *part, int64_t first, int64_t count) {
    const yg_sequences *s = part->count ? part->dataset->sequences : NULL;
    int64_t longest = 0, at = 0;
    if (!s)
        return 0;
    for (int64_t i = first; part->members && i < first + count; i++)
        longest = longer_of(s, part->members[i], longest);
    if (!part->members && !part->repeats && !part->owners) {
        for (int64_t e = first; e < first + count; e++)
            longest = longer_of(s, e, longest);
        return longest;
    }
    for (int64_t e = 0; !part->members && at < first + count; e++) {
        at += yg_part_times(part, e);
        if (at > first && yg_part_times(part, e) > 0)
            longest = longer_of(s, e, longest);
    }
    return longest;
}

void yg_part_lengths(const yg_part *part, int64_t *lengths) {
    const yg_sequences *s = part->dataset->sequences;
    int64_t at = 0;
    for (; part->members && at < part->count; at++)
        lengths[at] = s->lengths[part->members[at]];
    for (int64_t e = 0; at < part->count; e++)
        for (int64_t times = yg_part_times(part, e); times > 0; times--)
            lengths[at++] = s->lengths[e];
}

/* ---------------------------------------------------------------------------------- faults --- */

bool yg_sequence_fail_length(const yg_wrong_sequence *wrong, int64_t length, int64_t before,
                             int64_t most, yg_error *error) {
    char where[300];
    yg_place_text(&wrong->place, wrong->port, where, sizeof where);
    if (length == 0)
        return yg_fail(error, YG_ERROR_DATA, wrong->place.origin,
                       "%s: an empty sequence; one has a step at least", where);
    if (before > 0 && length != before)
        return yg_fail(error, YG_ERROR_DATA, wrong->place.origin,
                       "%s: a sequence of %" PRId64
                       ", but another one of the same row has %" PRId64,
                       where, length, before);
    return yg_fail(error, YG_ERROR_DATA, wrong->place.origin,
                   "%s: a sequence of %" PRId64 ", longer than `max_length`, %" PRId64
                   "; `longer: truncate` cuts it there",
                   where, length, most);
}

bool yg_sequence_fail_steps(const yg_wrong_sequence *wrong, int64_t count, int64_t width,
                            yg_error *error) {
    char where[300];
    return yg_fail(error, YG_ERROR_DATA, wrong->place.origin,
                   "%s: a step has %" PRId64 " elements, but the list has %" PRId64
                   ", no multiple of that",
                   yg_place_text(&wrong->place, wrong->port, where, sizeof where), width, count);
}
