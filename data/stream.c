/*
 * Streams over examples in memory: see stream.h.
 */
#include "stream.h"

#include "../graph/random.h"
#include "decoder.h"

#include <stdlib.h>
#include <string.h>

enum { SCRATCH = 32 * 1024 };

struct yg_stream {
    const yg_part *part;
    int64_t *order; /* numbers of examples in the dataset; NULL: the part's own order */
    uint64_t seed;
    int64_t epoch; /* `order` is shuffled for this epoch */
    int64_t position;
    char *scratch; /* examples that wait for their decoder; NULL: there is no decoder */
    size_t room;
};

/* Starts from 0, 1, …: the order must not depend on the epochs that were read before. */
static void shuffle(yg_stream *stream) {
    const uint64_t key = yg_random_key("shuffle") + (uint64_t)stream->epoch;
    const yg_part *part = stream->part;
    int64_t *order = stream->order;
    for (int64_t i = 0; i < part->count; i++)
        order[i] = part->members ? part->members[i] : i;
    for (int64_t i = part->count - 1; i > 0; i--) {
        const uint64_t j = yg_random_below(stream->seed, key, (uint64_t)i, (uint64_t)i + 1);
        const int64_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

/* The scratch holds one example at least. */
static bool make_scratch(yg_stream *stream, yg_error *error) {
    const yg_dataset *dataset = stream->part->dataset;
    for (size_t p = 0; p < dataset->port_count; p++) {
        const yg_elements *elements = &dataset->ports[p];
        const size_t size = (size_t)elements->width * yg_elements_size(elements);
        if (elements->decoder && size > stream->room)
            stream->room = size;
        if (elements->decoder && stream->room < SCRATCH)
            stream->room = SCRATCH;
    }
    if (stream->room)
        stream->scratch = malloc(stream->room);
    return !stream->room || stream->scratch || yg_fail_memory(error);
}

yg_stream *yg_stream_open(const yg_part *part, yg_error *error) {
    yg_stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        yg_fail_memory(error);
        return NULL;
    }
    stream->part = part;
    if (make_scratch(stream, error))
        return stream;
    yg_stream_close(stream);
    return NULL;
}

yg_stream *yg_stream_open_shuffled(const yg_part *part, uint64_t seed, yg_error *error) {
    yg_stream *stream = yg_stream_open(part, error);
    if (!stream)
        return NULL;
    stream->seed = seed;
    stream->order = calloc((size_t)part->count + 1, sizeof *stream->order);
    if (stream->order) {
        shuffle(stream);
        return stream;
    }
    yg_stream_close(stream);
    yg_fail_memory(error);
    return NULL;
}

void yg_stream_close(yg_stream *stream) {
    if (!stream)
        return;
    free(stream->order);
    free(stream->scratch);
    free(stream);
}

void yg_stream_seek(yg_stream *stream, int64_t epoch, int64_t position) {
    stream->position = position;
    if (stream->epoch == epoch)
        return;
    stream->epoch = epoch;
    if (stream->order)
        shuffle(stream);
}

int64_t yg_stream_left(const yg_stream *stream) {
    return stream->part->count - stream->position;
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

/* Examples of a dataset: those with the numbers in `order`, or, where it is NULL, those from number
 * `first` on. */
typedef struct chosen {
    const int64_t *order;
    int64_t first, count;
} chosen;

/* As many as the scratch holds are put beside each other there, then decoded. */
static void decode(const yg_elements *elements, const chosen *c, char *scratch, size_t room,
                   char *to) {
    const size_t size = (size_t)elements->width * yg_elements_size(elements);
    const size_t decoded = (size_t)elements->width * yg_dtype_size(elements->dtype);
    const int64_t limit = (int64_t)(room / size);
    if (!c->order) {
        yg_decode(elements->decoder, yg_elements_at(elements, c->first), c->count, to);
        return;
    }
    for (int64_t at = 0; at < c->count; at += limit) {
        const int64_t count = c->count - at < limit ? c->count - at : limit;
        gather(scratch, elements->data, c->order + at, count, size);
        yg_decode(elements->decoder, scratch, count, to + (size_t)at * decoded);
    }
}

static void copy(const yg_elements *elements, const chosen *c, char *scratch, size_t room,
                 char *to) {
    const size_t size = (size_t)elements->width * yg_elements_size(elements);
    if (!size || !to)
        return;
    if (elements->decoder)
        decode(elements, c, scratch, room, to);
    else if (c->order)
        gather(to, elements->data, c->order, c->count, size);
    else
        memcpy(to, (const char *)elements->data + size * (size_t)c->first, size * (size_t)c->count);
}

bool yg_stream_next(yg_stream *stream, const yg_feed *feeds, size_t feed_count, int64_t row,
                    int64_t count, yg_error *error) {
    const int64_t *order = stream->order ? stream->order : stream->part->members;
    const chosen c = {order ? order + stream->position : NULL, stream->position, count};
    (void)error; /* nothing can fail in memory */
    for (size_t f = 0; f < feed_count; f++) {
        const yg_elements *elements = &stream->part->dataset->ports[feeds[f].port];
        char *to = feeds[f].data;
        copy(elements, &c, stream->scratch, stream->room,
             to ? to + (size_t)(row * elements->width) * yg_dtype_size(elements->dtype) : NULL);
    }
    stream->position += count;
    return true;
}

void yg_dataset_copy(const yg_dataset *dataset, int64_t first, int64_t count, const yg_feed *feeds,
                     size_t feed_count) {
    const chosen c = {NULL, first, count};
    for (size_t f = 0; f < feed_count; f++)
        copy(&dataset->ports[feeds[f].port], &c, NULL, 0, feeds[f].data);
}

void yg_part_read(const yg_part *part, size_t port, int64_t first, int64_t count, void *to) {
    const yg_elements *elements = &part->dataset->ports[port];
    const size_t size = (size_t)elements->width * yg_dtype_size(elements->dtype);
    for (int64_t i = 0; i < count; i++) {
        const chosen c = {NULL, part->members ? part->members[first + i] : first + i, 1};
        copy(elements, &c, NULL, 0, (char *)to + (size_t)i * size);
    }
}
