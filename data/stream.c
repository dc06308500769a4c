/*
 * Streams: see stream.h. Over examples in memory they are here, over those in a file in window.h.
 */
#include "stream.h"

#include "../graph/random.h"
#include "fill.h"
#include "sequences.h"
#include "spool.h"
#include "window.h"

#include <stdlib.h>

struct yg_stream {
    const yg_part *part;
    int64_t epoch, position;
    /* In memory: */
    int64_t *order; /* numbers of examples in the dataset, shuffled for the epoch; NULL: the part's
                       own order */
    uint64_t seed;
    yg_buckets buckets;
    yg_fill_scratch scratch;
    /* In a file: */
    yg_windows *windows;
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
    stream->buckets.key = yg_random_key("buckets") + (uint64_t)stream->epoch;
    yg_buckets_sort(&stream->buckets, part->dataset->sequences, order, part->count);
}

static bool begin(yg_stream *stream, const uint64_t *seed, bool threaded, yg_error *error) {
    const yg_part *part = stream->part;
    if (part->dataset->spool) {
        stream->windows = yg_windows_open(part, seed, threaded, error);
        return stream->windows != NULL;
    }
    if (!yg_fill_scratch_make(part, &stream->scratch, error))
        return false;
    if (!seed)
        return true;
    stream->seed = *seed;
    stream->order = calloc((size_t)part->count + 1, sizeof *stream->order);
    if (!stream->order)
        return yg_fail_memory(error);
    shuffle(stream);
    return true;
}

static yg_stream *open_stream(const yg_part *part, const uint64_t *seed, bool threaded,
                              yg_error *error) {
    yg_stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        yg_fail_memory(error);
        return NULL;
    }
    stream->part = part;
    if (begin(stream, seed, threaded, error))
        return stream;
    yg_stream_close(stream);
    return NULL;
}

yg_stream *yg_stream_open(const yg_part *part, yg_error *error) {
    return open_stream(part, NULL, false, error);
}

yg_stream *yg_stream_open_shuffled(const yg_part *part, uint64_t seed, bool threaded,
                                   yg_error *error) {
    return open_stream(part, &seed, threaded, error);
}

void yg_stream_close(yg_stream *stream) {
    if (!stream)
        return;
    yg_windows_close(stream->windows);
    yg_fill_scratch_free(&stream->scratch);
    free(stream->buckets.room);
    free(stream->order);
    free(stream);
}

static bool make_room(yg_stream *stream, yg_error *error) {
    stream->buckets.room = calloc((size_t)stream->part->count + 1, sizeof(int64_t));
    return stream->buckets.room || yg_fail_memory(error);
}

bool yg_stream_bucket(yg_stream *stream, const yg_sequencing *sequencing, int64_t batch,
                      yg_error *error) {
    if (!sequencing->symbol || !sequencing->buckets)
        return true;
    if (stream->windows) {
        yg_windows_bucket(stream->windows, batch);
        return true;
    }
    if (!make_room(stream, error))
        return false;
    stream->buckets.batch = batch;
    stream->buckets.seed = stream->seed;
    shuffle(stream);
    return true;
}

bool yg_stream_sort(yg_stream *stream, yg_error *error) {
    const yg_part *part = stream->part;
    if (stream->windows || !part->dataset->sequences)
        return true;
    stream->order = calloc((size_t)part->count + 1, sizeof *stream->order);
    if (!stream->order || !make_room(stream, error))
        return yg_fail_memory(error);
    for (int64_t i = 0; i < part->count; i++)
        stream->order[i] = part->members ? part->members[i] : i;
    yg_sequences_sort(part->dataset->sequences, stream->order, part->count, stream->buckets.room);
    return true;
}

int64_t yg_stream_longest(const yg_stream *stream, int64_t count) {
    const yg_sequences *s = stream->part->count ? stream->part->dataset->sequences : NULL;
    const int64_t *order = stream->order ? stream->order : stream->part->members;
    int64_t longest = 0;
    if (s && stream->windows)
        return yg_windows_longest(stream->windows, stream->epoch, stream->position, count);
    for (int64_t i = stream->position; s && i < stream->position + count; i++) {
        const int32_t length = s->lengths[order ? order[i] : i];
        longest = length > longest ? length : longest;
    }
    return longest;
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

bool yg_stream_next(yg_stream *stream, const yg_feed *feeds, size_t feed_count, int64_t row,
                    int64_t count, yg_error *error) {
    const int64_t *order = stream->order ? stream->order : stream->part->members;
    if (stream->windows) {
        if (!yg_windows_read(stream->windows, stream->epoch, stream->position, feeds, feed_count,
                             row, count, error))
            return false;
    } else {
        const yg_chosen chosen = {order ? order + stream->position : NULL, stream->position, count};
        yg_fill_feeds(stream->part->dataset, &chosen, &stream->scratch, feeds, feed_count, row);
    }
    stream->position += count;
    return true;
}

int64_t yg_stream_example(yg_stream *stream, int64_t epoch, int64_t position) {
    if (stream->windows)
        return yg_windows_example(stream->windows, epoch, position);
    yg_stream_seek(stream, epoch, position);
    const int64_t *order = stream->order ? stream->order : stream->part->members;
    return order ? order[position] : position;
}

void yg_dataset_copy(const yg_dataset *dataset, int64_t first, int64_t count, const yg_feed *feeds,
                     size_t feed_count) {
    const yg_chosen chosen = {NULL, first, count};
    const yg_fill_scratch none = {0};
    yg_fill_feeds(dataset, &chosen, &none, feeds, feed_count, 0);
}

bool yg_part_read(const yg_part *part, size_t port, int64_t first, int64_t count, void *to,
                  yg_error *error) {
    const yg_elements *elements = &part->dataset->ports[port];
    const int64_t rows = elements->ragged ? yg_part_longest(part, first, count) : 1;
    const yg_feed feed = {port, elements->dtype, rows * elements->width, to};
    yg_stream *stream = yg_stream_open(part, error);
    if (!stream)
        return false;
    yg_stream_seek(stream, 0, first);
    const bool good = yg_stream_next(stream, &feed, 1, 0, count, error);
    yg_stream_close(stream);
    return good;
}
