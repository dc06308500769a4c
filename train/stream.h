/*
 * Streams: the examples of a part in the order that a run meets them, a batch at a time. Private to
 * train/.
 *
 * Everything that computes with examples reads them through a stream: it is opened, goes to a place
 * (epoch and position), fills the buffers of a program with the examples from there on, each port
 * in its own type, and is closed. What lies behind it (all in memory today) is nobody's business
 * but its own. The order is a function of seed and epoch alone, so a run that is resumed, or a step
 * that is repeated, meets the same examples.
 */
#ifndef YG_TRAIN_STREAM_H
#define YG_TRAIN_STREAM_H

#include "data.h"

typedef struct yg_stream yg_stream;

/* A port's buffer in a program. */
typedef struct yg_feed {
    size_t port;
    yg_dtype dtype;
    int64_t width;
    void *data; /* NULL: nothing that is computed needs it */
} yg_feed;

/* Over a dataset, which must outlive the stream; at the first example of epoch 0. NULL on failure.
 */
yg_stream *yg_stream_open(const yg_dataset *dataset, yg_error *error);
/* The same with another order in each epoch: Fisher-Yates over 0, 1, …, by seed and epoch. */
yg_stream *yg_stream_open_shuffled(const yg_dataset *dataset, uint64_t seed, yg_error *error);
void yg_stream_close(yg_stream *stream); /* NULL is allowed */

/* The next example is number `position` of the epoch's order, 0 to the number of examples. */
void yg_stream_seek(yg_stream *stream, int64_t epoch, int64_t position);
/* How many examples of the epoch are left. */
int64_t yg_stream_left(const yg_stream *stream);
/* Copies the next `count` examples to the feeds; so many must be left. */
void yg_stream_next(yg_stream *stream, const yg_feed *feeds, size_t feed_count, int64_t count);

/* Copies examples order[0 .. count) of a dataset; `order` NULL: from `start` on. */
void yg_dataset_copy(const yg_dataset *dataset, const int64_t *order, int64_t start, int64_t count,
                     const yg_feed *feeds, size_t feed_count);

#endif
