/*
 * Streams: examples in the order in which a run reads them, a batch at a time. Private to the
 * library.
 *
 * Training, evaluation and `grad` read examples through a stream only. So the storage behind it can
 * change without them.
 *
 * A stream is opened, goes to an epoch and a position, copies the next examples to the buffers of a
 * program, and is closed. The order depends on seed and epoch only. So a run that is resumed, or a
 * step that is repeated, reads the same examples.
 */
#ifndef YG_DATA_STREAM_H
#define YG_DATA_STREAM_H

#include "data.h"

typedef struct yg_stream yg_stream;

/* A port's buffer in a program: one row of `width` elements an example. That of sequences has room
 * for as many steps of each example as `width` says; steps behind a sequence are padded. */
typedef struct yg_feed {
    size_t port;
    yg_dtype dtype;
    int64_t width;
    void *data; /* belongs to the program; NULL: the program does not read this port */
} yg_feed;

/* A stream over a part in the part's order, at the first example of epoch 0. The part must outlive
 * it. NULL on failure. */
yg_stream *yg_stream_open(const yg_part *part, yg_error *error);
/* A stream that shuffles for each epoch; the order depends on seed and epoch. In memory it is
 * Fisher-Yates' of all examples; for those in a file see window.h. With `threaded`, a thread may
 * read ahead in the file. */
yg_stream *yg_stream_open_shuffled(const yg_part *part, uint64_t seed, bool threaded,
                                   yg_error *error);
void yg_stream_close(yg_stream *stream); /* NULL is allowed */

/* Of a shuffled stream, before its first batch: batches of `batch` examples have sequences of
 * similar length, as far as the section wants that. False when out of memory. */
bool yg_stream_bucket(yg_stream *stream, const yg_sequencing *sequencing, int64_t batch,
                      yg_error *error);
/* Of another stream: examples in the order of their lengths. False when out of memory. */
bool yg_stream_sort(yg_stream *stream, yg_error *error);
/* The longest sequence of the next `count` examples; 0: no port takes sequences. */
int64_t yg_stream_longest(const yg_stream *stream, int64_t count);

/* Goes to an example: number `position` in the order of that epoch, from 0 to the number of
 * examples (the end). Another epoch than the current one costs a shuffle of all examples. */
void yg_stream_seek(yg_stream *stream, int64_t epoch, int64_t position);
/* How many examples of the epoch come after the position. */
int64_t yg_stream_left(const yg_stream *stream);
/* Copies the next `count` examples to the feeds, from their row `row` on, and goes on. At least
 * `count` must be left. False on failure, when a file can no longer be read. */
bool yg_stream_next(yg_stream *stream, const yg_feed *feeds, size_t feed_count, int64_t row,
                    int64_t count, yg_error *error);

/* The number in the dataset of the example at a place of an epoch; -1 where it cannot be read. */
int64_t yg_stream_example(yg_stream *stream, int64_t epoch, int64_t position);

/* A digest of all values of a part's examples, in their order, as they are held; of those in a
 * file, of all examples of the dataset. */
uint64_t yg_part_digest(const yg_part *part);

/* Copies examples first .. first + count of a dataset without decoders to the feeds. */
void yg_dataset_copy(const yg_dataset *dataset, int64_t first, int64_t count, const yg_feed *feeds,
                     size_t feed_count);

#endif
