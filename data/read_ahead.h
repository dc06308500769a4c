/*
 * Reading ahead: while one batch of examples is used, a thread reads the next one. Private to the
 * library.
 *
 * It is worth its thread where a source computes, as when CSV is parsed: then parsing and the run
 * of a network happen at the same time. The examples, their order and the batches are the same as
 * without the thread. So are errors: one is told when its batch is asked for.
 *
 * The first batch is read on the calling thread. Only if it is full, and so probably not the last,
 * is a thread started.
 */
#ifndef YG_DATA_READ_AHEAD_H
#define YG_DATA_READ_AHEAD_H

#include "source.h"

typedef struct yg_read_ahead yg_read_ahead;

/* Examples that have been read: datasets[0 .. 2) take turns. */
typedef struct yg_batch_read {
    const yg_dataset *dataset;
    int64_t count; /* examples; 0 at the end, and where `paused` */
    bool paused;   /* the input is a pipe, and has no more rows yet */
} yg_batch_read;

/* What makes batches of a reader's examples. */
typedef struct yg_batch_source {
    /* Makes batch number `n`, of at most `limit` examples; false on failure. Meanwhile batch n - 1
     * is in use, and batch n - 2 no longer is. */
    bool (*next)(void *state, int64_t n, int64_t limit, yg_batch_read *batch, yg_error *error);
    void *state;
    yg_reader *reader; /* which it reads */
} yg_batch_source;

/* Reads batches of at most `limit` examples into `datasets`, which have room for so many. With
 * `threaded` false no thread is ever started. Reader and datasets stay the caller's and must
 * outlive it; nothing else may use them meanwhile. NULL on failure. */
yg_read_ahead *yg_read_ahead_new(yg_reader *reader, yg_dataset *datasets, int64_t limit,
                                 bool threaded, yg_error *error);
/* The same with batches of a source, which stays the caller's. */
yg_read_ahead *yg_read_ahead_of(const yg_batch_source *source, int64_t limit, bool threaded,
                                yg_error *error);
/* Gives the next batch. It stays as it is until the next call. False on failure. */
bool yg_read_ahead_next(yg_read_ahead *ahead, yg_batch_read *batch, yg_error *error);
/* Ends the thread, also where it waits for a pipe. NULL is allowed. */
void yg_read_ahead_close(yg_read_ahead *ahead);

#endif
