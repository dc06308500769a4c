/*
 * Reading ahead: see read_ahead.h.
 *
 * Batches are numbered from 0. Batch n is read into datasets[n % 2]. The thread begins batch n when
 * the caller has asked for batch n - 1, and so no longer uses batch n - 2.
 */
#include "read_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct yg_read_ahead {
    yg_batch_source source;
    yg_dataset *datasets; /* of batches of rows */
    int64_t limit;
    bool threaded; /* start a thread once it pays */
    bool running;  /* the thread has been started */
    pthread_t thread;

    /* Shared with the thread, under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t change; /* of any of these */
    int64_t read, taken;   /* batches that have been read, and that the caller has asked for */
    bool stop;             /* the thread is to end */
    yg_batch_read batch;   /* number read - 1 */
    yg_error error;        /* of that batch; its code is YG_OK if there is none */
};

/* Batches of rows, as the reader gives them. */
static bool next_rows(void *state, int64_t n, int64_t limit, yg_batch_read *batch,
                      yg_error *error) {
    const yg_read_ahead *ahead = state;
    yg_dataset *dataset = &ahead->datasets[n % 2];
    dataset->count = 0;
    const int64_t count = yg_reader_next(ahead->source.reader, dataset, limit, error);
    *batch = (yg_batch_read){.dataset = dataset,
                             .count = count > 0 ? count : 0,
                             .paused = count > 0 && yg_reader_waits(ahead->source.reader)};
    return count != -1;
}

static void read_batch(const yg_read_ahead *ahead, int64_t n, yg_batch_read *batch,
                       yg_error *error) {
    const yg_batch_source *source = &ahead->source;
    if (!source->next(source->state, n, ahead->limit, batch, error))
        *batch = (yg_batch_read){0};
}

static bool is_last(const yg_batch_read *batch) {
    return batch->count == 0 && !batch->paused;
}

static void *run(void *opaque) {
    yg_read_ahead *ahead = opaque;
    bool more = true;
    while (more) {
        yg_batch_read batch;
        yg_error error = {0};
        pthread_mutex_lock(&ahead->lock);
        while (ahead->read > ahead->taken && !ahead->stop)
            pthread_cond_wait(&ahead->change, &ahead->lock);
        const int64_t n = ahead->read;
        more = !ahead->stop;
        pthread_mutex_unlock(&ahead->lock);
        if (!more)
            break;
        read_batch(ahead, n, &batch, &error);
        more = !is_last(&batch);
        pthread_mutex_lock(&ahead->lock);
        ahead->batch = batch;
        ahead->error = error;
        ahead->read++;
        pthread_cond_broadcast(&ahead->change);
        pthread_mutex_unlock(&ahead->lock);
    }
    return NULL;
}

/* Starts the thread with all signals blocked, so that a host's handlers run in the host's threads.
 * Without a thread everything works too. */
static void start(yg_read_ahead *ahead) {
    sigset_t all, before;
    ahead->threaded = false;
    if (!yg_reader_allow_stop(ahead->source.reader))
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ahead->running = pthread_create(&ahead->thread, NULL, run, ahead) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

yg_read_ahead *yg_read_ahead_of(const yg_batch_source *source, int64_t limit, bool threaded,
                                yg_error *error) {
    yg_read_ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead) {
        yg_fail_memory(error);
        return NULL;
    }
    *ahead = (yg_read_ahead){.source = *source, .limit = limit, .threaded = threaded};
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->change, NULL);
    return ahead;
}

yg_read_ahead *yg_read_ahead_new(yg_reader *reader, yg_dataset *datasets, int64_t limit,
                                 bool threaded, yg_error *error) {
    const yg_batch_source rows = {.next = next_rows, .reader = reader};
    yg_read_ahead *ahead = yg_read_ahead_of(&rows, limit, threaded, error);
    if (ahead) {
        ahead->source.state = ahead;
        ahead->datasets = datasets;
    }
    return ahead;
}

/* Waits for the thread's batch. */
static void take(yg_read_ahead *ahead, yg_batch_read *batch, yg_error *error) {
    pthread_mutex_lock(&ahead->lock);
    while (ahead->read == ahead->taken)
        pthread_cond_wait(&ahead->change, &ahead->lock);
    *batch = ahead->batch;
    *error = ahead->error;
    /* After the last batch, and after a failure, the thread has ended: the same answer again. */
    if (!is_last(batch)) {
        ahead->taken++;
        pthread_cond_broadcast(&ahead->change);
    }
    pthread_mutex_unlock(&ahead->lock);
}

bool yg_read_ahead_next(yg_read_ahead *ahead, yg_batch_read *batch, yg_error *error) {
    yg_error failure = {0};
    if (ahead->running) {
        take(ahead, batch, &failure);
    } else {
        read_batch(ahead, ahead->read++, batch, &failure);
        ahead->taken = ahead->read;
        if (ahead->threaded && batch->count == ahead->limit)
            start(ahead);
    }
    return !failure.code || yg_fail_as(error, &failure);
}

void yg_read_ahead_close(yg_read_ahead *ahead) {
    if (!ahead)
        return;
    if (ahead->running) {
        pthread_mutex_lock(&ahead->lock);
        ahead->stop = true;
        pthread_cond_broadcast(&ahead->change);
        pthread_mutex_unlock(&ahead->lock);
        yg_reader_stop(ahead->source.reader);
        pthread_join(ahead->thread, NULL);
    }
    pthread_mutex_destroy(&ahead->lock);
    pthread_cond_destroy(&ahead->change);
    free(ahead);
}
