/*
 * Readers: a source's examples, transformed, standardised and stored: see source.h.
 */
#include "decoder.h"
#include "sequences.h"

#include <stdlib.h>
#include <string.h>

/* Elements of a chunk for each thread that may fill it, of so many threads at most. */
enum { CHUNK_ELEMENTS = 32 * 1024, CHUNK_THREADS = 4 };

struct yg_reader {
    yg_reading reading;
    const yg_source *source;
    void *state;
    size_t port_count;
    int64_t room;     /* examples of a chunk */
    int64_t count;    /* examples read so far */
    yg_dataset chunk; /* what the source fills: for each port `own`, or the dataset's own memory */
    double **own;     /* memory of a float port's part of a chunk */
};

void yg_reader_close(yg_reader *reader) {
    if (!reader)
        return;
    if (reader->state)
        reader->source->close(reader->state);
    for (size_t p = 0; reader->own && p < reader->port_count; p++)
        free(reader->own[p]);
    free(reader->own);
    free(reader->chunk.ports);
    yg_sequences_free(reader->chunk.sequences);
    free(reader);
}

static bool make_chunk(yg_reader *reader, yg_error *error) {
    const yg_reading *reading = &reader->reading;
    const yg_sequencing *sequencing = &reading->data->sequencing;
    int64_t widest = 1;
    if (sequencing->symbol && !sequencing->by &&
        !(reader->chunk.sequences = yg_sequences_new(reading->model, error)))
        return false;
    for (size_t p = 0; p < reader->port_count; p++) {
        const yg_port *port = yg_model_port(reading->model, p);
        const int64_t width = yg_port_width(reading->data, port);
        reader->chunk.ports[p] = (yg_elements){
            .dtype = yg_dtype_is_float(port->dtype) ? YG_F64 : port->dtype,
            .width = width,
            .ragged = reader->chunk.sequences && yg_port_is_ragged(reading->data, port)};
        if (yg_reading_wants(reading, p) && width > widest)
            widest = width;
    }
    const int threads =
        reading->data->threads < CHUNK_THREADS ? reading->data->threads : CHUNK_THREADS;
    const int64_t elements = (int64_t)CHUNK_ELEMENTS * (threads > 1 ? threads : 1);
    reader->room = widest < elements ? elements / widest : 1;
    if (reader->room < threads)
        reader->room = threads; /* a large picture each */
    for (size_t p = 0; p < reader->port_count; p++) {
        const yg_elements *elements = &reader->chunk.ports[p];
        if (!yg_reading_wants(reading, p) || elements->dtype != YG_F64 || elements->ragged)
            continue;
        reader->own[p] = calloc((size_t)(reader->room * elements->width) + 1, sizeof(double));
        if (!reader->own[p])
            return yg_fail_memory(error);
    }
    return true;
}

/* The means of the weights must be for as many elements as an example has. */
static bool check_widths(const yg_reader *reader, yg_error *error) {
    for (size_t p = 0; p < reader->port_count; p++) {
        const yg_reading *reading = &reader->reading;
        const yg_port *port = yg_model_port(reading->model, p);
        const yg_port_encoding *encoding = &reading->data->encoding.ports[p];
        const int64_t width = yg_port_width(reading->data, port);
        if (yg_reading_wants(reading, p) && encoding->mean && encoding->width != width)
            return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                           "the weights' standardisation of '%s' is for %lld elements; an example "
                           "has %lld",
                           port->name, (long long)encoding->width, (long long)width);
    }
    return true;
}

static bool begin(yg_reader *reader, yg_error *error) {
    const size_t size = reader->port_count + 1;
    reader->chunk.ports = calloc(size, sizeof *reader->chunk.ports);
    reader->own = calloc(size, sizeof *reader->own);
    if (!reader->chunk.ports || !reader->own)
        return yg_fail_memory(error);
    return check_widths(reader, error) && make_chunk(reader, error);
}

yg_reader *yg_reader_new(const yg_reading *reading, const yg_source *source, void *state,
                         yg_error *error) {
    yg_reader *reader = state ? calloc(1, sizeof *reader) : NULL;
    if (!reader) {
        if (state) {
            source->close(state);
            yg_fail_memory(error);
        }
        return NULL;
    }
    *reader = (yg_reader){.reading = *reading,
                          .source = source,
                          .state = state,
                          .port_count = yg_model_port_count(reading->model)};
    if (begin(reader, error))
        return reader;
    yg_reader_close(reader);
    return NULL;
}

/* Whether the source writes a port's elements to their final place: they have their final type. */
static bool is_final(const yg_reader *reader, size_t p, const yg_dataset *to) {
    return !reader->own[p] || (to->ports[p].dtype == YG_F64 && !to->ports[p].decoder);
}

/* Transforms, standardises and stores a port's part of the chunk. */
static bool take_port(yg_reader *reader, size_t p, int64_t count, const yg_dataset *to,
                      yg_error *error) {
    const yg_reading *reading = &reader->reading;
    const yg_port_encoding *encoding = &reading->data->encoding.ports[p];
    const yg_elements *elements = &reader->chunk.ports[p];
    if (elements->decoder)
        return true; /* it applies the formula */
    if (encoding->formula && !yg_transform_apply(reading, p, elements, count, reader->count, error))
        return false;
    if (elements->dtype != YG_F64)
        return true; /* the source has written it to its final place */
    yg_standardize_apply(encoding, elements->data, count);
    if (is_final(reader, p, to))
        return true;
    return yg_elements_store(reading, p, elements->data, count * elements->width, reader->count,
                             &to->ports[p], to->count * elements->width, error);
}

/* The same for the elements of sequences, whose rows have been appended to the dataset. */
static bool take_rows(yg_reader *reader, size_t p, const yg_dataset *to, yg_error *error) {
    const yg_reading *reading = &reader->reading;
    const yg_list *list = &reader->chunk.sequences->lists[p];
    const int64_t rows = reader->chunk.sequences->rows, width = to->ports[p].width;
    const int64_t begin = (to->sequences->rows - rows) * width;
    yg_elements elements = reader->chunk.ports[p];
    const size_t size = yg_dtype_size(elements.dtype);
    elements.data = list->data;
    const bool smaller = elements.dtype != YG_F64 && elements.dtype != YG_I64;
    for (int64_t i = 0; smaller && i < list->count; i++)
        yg_element_set(elements.dtype, list->data, i, (double)list->wholes[i]);
    if (reading->data->encoding.ports[p].formula &&
        !yg_transform_apply(reading, p, &elements, rows, begin / width, error))
        return false;
    if (elements.dtype == YG_F64) {
        yg_standardize_apply(&reading->data->encoding.ports[p], list->numbers, rows);
        return yg_elements_store(reading, p, list->numbers, list->count, begin / width,
                                 &to->ports[p], begin, error);
    }
    if (list->count)
        memcpy((char *)to->ports[p].data + (size_t)begin * size, list->data,
               (size_t)list->count * size);
    return true;
}

/* At most as many examples as a chunk holds. */
static int64_t next_chunk(yg_reader *reader, yg_dataset *to, int64_t limit, yg_error *error) {
    const volatile sig_atomic_t *stop = reader->reading.data->stop;
    if (stop && *stop) {
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, YG_INTERRUPTED);
        return -1;
    }
    for (size_t p = 0; p < reader->port_count; p++)
        if (yg_reading_wants(&reader->reading, p) && !reader->chunk.ports[p].ragged)
            reader->chunk.ports[p].data = is_final(reader, p, to)
                                              ? yg_elements_at(&to->ports[p], to->count)
                                              : (void *)reader->own[p];
    if (reader->chunk.sequences)
        yg_sequences_clear(reader->chunk.sequences);
    if (reader->chunk.sequences && !to->count)
        yg_sequences_clear(to->sequences);
    reader->chunk.kept = to->kept;
    if (to->kept && !to->count)
        to->kept->size = 0;
    const int64_t count = reader->source->next(reader->state, &reader->reading, &reader->chunk,
                                               limit < reader->room ? limit : reader->room, error);
    if (count > 0 && reader->chunk.sequences &&
        !yg_sequences_append(reader->chunk.sequences, to, error))
        return -1;
    for (size_t p = 0; p < reader->port_count && count > 0; p++)
        if (yg_reading_wants(&reader->reading, p) &&
            !(reader->chunk.ports[p].ragged ? take_rows(reader, p, to, error)
                                            : take_port(reader, p, count, to, error)))
            return -1;
    reader->count += count > 0 ? count : 0;
    to->count += count > 0 ? count : 0;
    return count;
}

int64_t yg_reader_next(yg_reader *reader, yg_dataset *to, int64_t limit, yg_error *error) {
    int64_t total = 0;
    while (total < limit) {
        const int64_t asked = limit - total < reader->room ? limit - total : reader->room;
        const int64_t count = next_chunk(reader, to, asked, error);
        if (count < 0)
            return count == YG_EXAMPLES_LATER && total > 0 ? total : count;
        total += count;
        if (count < asked)
            break; /* the end, or a pipe that has no more yet */
    }
    return total;
}

bool yg_reader_waits(const yg_reader *reader) {
    return reader->source->waits && reader->source->waits(reader->state);
}

bool yg_reader_allow_stop(const yg_reader *reader) {
    return !reader->source->allow_stop || reader->source->allow_stop(reader->state);
}

void yg_reader_stop(const yg_reader *reader) {
    if (reader->source->stop)
        reader->source->stop(reader->state);
}

bool yg_reader_hold(yg_reader *reader, yg_dataset *to, yg_error *error) {
    const yg_reading *reading = &reader->reading;
    for (size_t p = 0; reader->source->kind && p < reader->port_count; p++) {
        const yg_element_kind *kind =
            yg_reading_wants(reading, p) ? reader->source->kind(reader->state, p) : NULL;
        yg_elements *chunk = &reader->chunk.ports[p];
        if (!kind || chunk->ragged || !yg_decoder_fits(reading, p, kind))
            continue;
        yg_decoder *decoder = yg_decoder_new(reading, p, kind, error);
        if (!decoder)
            return false;
        free(reader->own[p]);
        reader->own[p] = NULL;
        chunk->decoder = decoder;
        to->ports[p] =
            (yg_elements){.dtype = decoder->dtype, .width = chunk->width, .decoder = decoder};
    }
    return true;
}

int64_t yg_reader_room(const yg_reader *reader) {
    return reader->room;
}

int64_t yg_reader_total(const yg_reader *reader) {
    return reader->source->count ? reader->source->count(reader->state) : -1;
}

const yg_reading *yg_reader_reading(const yg_reader *reader) {
    return &reader->reading;
}

bool yg_reader_finish(yg_reader *reader, const yg_dataset *dataset, yg_error *error) {
    return !reader->source->finish ||
           reader->source->finish(reader->state, &reader->reading, dataset, error);
}
