/*
 * Windows: the examples of a part whose dataset is in a file, in the order of an epoch. Private to
 * the library.
 *
 * The dataset is cut into blocks of about a megabyte. For each epoch the blocks are put into an
 * order drawn by seed. As many of them as memory allows are a window: they are read, and their
 * examples shuffled. So memory stays the same, however large the file is, and an epoch has each
 * example once. The order depends on the seed, the epoch and the dataset, and on `memory:`. To go
 * to any place of an epoch costs one window.
 *
 * Without a seed the order is that of the file, and a window is one block.
 *
 * While examples of a window are used, a thread reads the next one. The order is the same without
 * it.
 */
#ifndef YG_DATA_WINDOW_H
#define YG_DATA_WINDOW_H

#include "stream.h"

typedef struct yg_windows yg_windows;

/* `seed` NULL: in the order of the file. `threaded`: a thread may be started. NULL on failure. */
yg_windows *yg_windows_open(const yg_part *part, const uint64_t *seed, bool threaded,
                            yg_error *error);
void yg_windows_close(yg_windows *windows); /* NULL is allowed */
/* As yg_stream_bucket(): within a window, batches of `batch` examples have sequences of similar
 * length. */
void yg_windows_bucket(yg_windows *windows, int64_t batch);
/* The longest sequence of `count` examples from number `position` of an epoch on. Nothing is read:
 * lengths are in memory. */
int64_t yg_windows_longest(yg_windows *windows, int64_t epoch, int64_t position, int64_t count);
/* Copies `count` examples from number `position` of an epoch on. The rest is as in
 * yg_stream_next(). */
bool yg_windows_read(yg_windows *windows, int64_t epoch, int64_t position, const yg_feed *feeds,
                     size_t feed_count, int64_t row, int64_t count, yg_error *error);
/* The number in the dataset of the example at that place; -1 on failure. */
int64_t yg_windows_example(yg_windows *windows, int64_t epoch, int64_t position);

#endif
