/*
 * Streams over examples in memory: see stream.h.
 */
#include "stream.h"

#include "../graph/random.h"

#include <stdlib.h>
#include <string.h>

struct yg_stream {
    const yg_dataset *dataset;
    int64_t *order; /* numbers of examples; NULL: the dataset's own order */
    uint64_t seed;
    int64_t epoch; /* `order` is shuffled for this epoch */
    int64_t position;
};

/* Starts from 0, 1, …: the order must not depend on the epochs that were read before. */
static void shuffle(yg_stream *stream) {
    const uint64_t key = yg_random_key("shuffle") + (uint64_t)stream->epoch;
    int64_t *order = stream->order;
    for (int64_t i = 0; i < stream->dataset->count; i++)
        order[i] = i;
    for (int64_t i = stream->dataset->count - 1; i > 0; i--) {
        const uint64_t j = yg_random_below(stream->seed, key, (uint64_t)i, (uint64_t)i + 1);
        const int64_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

yg_stream *yg_stream_open(const yg_dataset *dataset, yg_error *error) {
    yg_stream *stream = calloc(1, sizeof *stream);
    if (stream)
        stream->dataset = dataset;
    else
        yg_fail_memory(error);
    return stream;
}

yg_stream *yg_stream_open_shuffled(const yg_dataset *dataset, uint64_t seed, yg_error *error) {
    yg_stream *stream = yg_stream_open(dataset, error);
    if (!stream)
        return NULL;
    stream->seed = seed;
    stream->order = calloc((size_t)dataset->count + 1, sizeof *stream->order);
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
    return stream->dataset->count - stream->position;
}

/* Copies examples of `size` bytes each. With a constant size the compiler turns memcpy into one
 * load and one store, so the two common sizes have a loop of their own. */
static void gather(char *to, const char *from, const int64_t *order, int64_t count, size_t size) {
    switch (size) {
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

void yg_dataset_copy(const yg_dataset *dataset, const int64_t *order, int64_t start, int64_t count,
                     const yg_feed *feeds, size_t feed_count) {
    for (size_t f = 0; f < feed_count; f++) {
        const yg_elements *elements = &dataset->ports[feeds[f].port];
        const size_t size = (size_t)elements->width * yg_dtype_size(elements->dtype);
        if (!feeds[f].data || !size)
            continue;
        if (order)
            gather(feeds[f].data, elements->data, order, count, size);
        else
            memcpy(feeds[f].data, (const char *)elements->data + size * (size_t)start,
                   size * (size_t)count);
    }
}

void yg_stream_next(yg_stream *stream, const yg_feed *feeds, size_t feed_count, int64_t count) {
    const int64_t *order = stream->order ? stream->order + stream->position : NULL;
    yg_dataset_copy(stream->dataset, order, stream->position, count, feeds, feed_count);
    stream->position += count;
}
