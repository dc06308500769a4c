/*
 * Streams: examples in the order in which a run reads them, a batch at a time. Private to the
 * library.
 *
 * Training, evaluation, prediction and `grad` read examples through a stream only. So the storage
 * behind it can change without them; today all examples are in memory.
 *
 * A stream is opened, goes to an epoch and a position, copies the next examples to the buffers of a
 * program, and is closed. The order depends on seed and epoch only. So a run that is resumed, or a
 * step that is repeated, reads the same examples.
 */
#ifndef YG_DATA_STREAM_H
#define YG_DATA_STREAM_H

#include "data.h"

typedef struct yg_stream yg_stream;

/* A port's buffer in a program: one row of `width` elements an example. */
typedef struct yg_feed {
    size_t port;
    yg_dtype dtype;
    int64_t width;
    void *data; /* belongs to the program; NULL: the program does not read this port */
} yg_feed;

/* A stream over a dataset in the dataset's order, at the first example of epoch 0. The dataset must
 * outlive it. NULL on failure. */
yg_stream *yg_stream_open(const yg_dataset *dataset, yg_error *error);
/* A stream that shuffles (Fisher-Yates) for each epoch; the order depends on seed and epoch. */
yg_stream *yg_stream_open_shuffled(const yg_dataset *dataset, uint64_t seed, yg_error *error);
void yg_stream_close(yg_stream *stream); /* NULL is allowed */

/* Goes to an example: number `position` in the order of that epoch, from 0 to the number of
 * examples (the end). Another epoch than the current one costs a shuffle of all examples. */
void yg_stream_seek(yg_stream *stream, int64_t epoch, int64_t position);
/* How many examples of the epoch come after the position. */
int64_t yg_stream_left(const yg_stream *stream);
/* Copies the next `count` examples to the feeds and goes on. At least `count` must be left. */
void yg_stream_next(yg_stream *stream, const yg_feed *feeds, size_t feed_count, int64_t count);

/* Copies `count` examples of a dataset to the feeds: those with the numbers in `order`, or, where
 * `order` is NULL, those from number `start` on. */
void yg_dataset_copy(const yg_dataset *dataset, const int64_t *order, int64_t start, int64_t count,
                     const yg_feed *feeds, size_t feed_count);

#endif
