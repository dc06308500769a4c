/*
 * A pool of threads. Each piece of work has a number, its generation. Workers wait for the next
 * one, and the calling thread waits for the workers. Both spin first, since the wait is mostly a
 * few microseconds; then they sleep. Nobody may spin for long, and nobody may call sched_yield()
 * while it waits: on a busy machine, the scheduler takes either for work. The thread that waits
 * then loses its turns, and runs late when the others are done.
 */
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#define PAUSE() _mm_pause()
#else
#define PAUSE() ((void)0)
#endif

/* How often a worker looks for work, and the calling thread for the end of it, before it sleeps:
 * about 80 and 320 microseconds. Waking takes the caller longer than most of its waits, and nothing
 * goes on without it. */
#define WORKER_SPINS 4000
#define CALLER_SPINS 16000

/* The value of the register MXCSR during a run: round to nearest, all exceptions masked, no
 * exception flag set, subnormal results and operands taken as zero. */
#define RUNNING_CSR 0x9FC0

typedef struct worker {
    yg_threads *pool;
    pthread_t thread;
    int index;
} worker;

struct yg_threads {
    int count, started;
    pid_t process;          /* that has started the workers */
    bool forked;            /* this process is a child of it, and has no workers */
    atomic_int owners;      /* the last one to free the pool ends the workers */
    atomic_uint generation; /* of the work that was handed out last */
    _Atomic uint64_t door;  /* who works on it: see enter() */
    atomic_int done;        /* workers that are done with it */
    atomic_int sleepers;    /* workers that sleep, and must be woken */
    atomic_int awaited;     /* the calling thread sleeps until so many are done; 0: it does not */
    atomic_bool stop;       /* the workers must end */
    bool spins;             /* threads spin before they sleep: no more of them than cores */
    yg_share share;         /* the work */
    void *context;          /* its argument */
    pthread_mutex_t lock;   /* of `wake` and `done` only */
    pthread_cond_t wake, all_done;
    worker workers[];
};

int yg_threads_available(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

unsigned yg_float_state_enter(void) {
#if defined(__SSE__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(RUNNING_CSR);
    return before;
#else
    return 0;
#endif
}

void yg_float_state_leave(unsigned before) {
#if defined(__SSE__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

/* Spins until there is new work. False: there is none yet. */
static bool spin_for_work(yg_threads *pool, unsigned seen) {
    for (int i = pool->spins ? WORKER_SPINS : 0; i > 0; i--) {
        if (atomic_load_explicit(&pool->generation, memory_order_acquire) != seen)
            return true;
        PAUSE();
    }
    return false;
}

static unsigned wait_for_work(yg_threads *pool, unsigned seen) {
    if (spin_for_work(pool, seen))
        return atomic_load_explicit(&pool->generation, memory_order_acquire);
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleepers, 1);
    unsigned now;
    while ((now = atomic_load(&pool->generation)) == seen)
        pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
    return now;
}

/* The door of a work holds its generation, whether it is closed, and how many workers have entered.
 * A worker that comes late finds it closed, or open for a later work that it has not been told of
 * yet; it must not touch either. */
#define CLOSED  ((uint64_t)1 << 31)
#define ENTERED (CLOSED - 1)

static uint64_t open_door(unsigned generation) {
    return (uint64_t)generation << 32;
}

static bool enter(yg_threads *pool, unsigned generation) {
    uint64_t door = atomic_load(&pool->door);
    while ((door & ~ENTERED) == open_door(generation)) {
        if (atomic_compare_exchange_weak(&pool->door, &door, door + 1))
            return true;
    }
    return false;
}

/* Notes that a worker is done. As in announce(), either it sees that the calling thread waits, or
 * that thread sees that it is done. */
static void end_share(yg_threads *pool) {
    atomic_fetch_add(&pool->done, 1);
    if (atomic_load(&pool->awaited) == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->all_done);
    pthread_mutex_unlock(&pool->lock);
}

/* Spins until so many workers are done. False: they are not yet. */
static bool spin_for_workers(yg_threads *pool, int count) {
    for (int i = pool->spins ? CALLER_SPINS : 0; i > 0; i--) {
        if (atomic_load_explicit(&pool->done, memory_order_acquire) == count)
            return true;
        PAUSE();
    }
    return false;
}

static void wait_for_workers(yg_threads *pool, int count) {
    if (count == 0 || spin_for_workers(pool, count))
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->awaited, count);
    while (atomic_load(&pool->done) < count)
        pthread_cond_wait(&pool->all_done, &pool->lock);
    atomic_store(&pool->awaited, 0);
    pthread_mutex_unlock(&pool->lock);
}

static void *work(void *argument) {
    const worker *self = argument;
    yg_threads *pool = self->pool;
    yg_float_state_enter();
    for (unsigned seen = 0;;) {
        seen = wait_for_work(pool, seen);
        if (atomic_load(&pool->stop))
            return NULL;
        if (enter(pool, seen)) {
            pool->share(pool->context, self->index);
            end_share(pool);
        }
    }
}

/* Hands out work. No worker may sleep through it. So the store to `generation` and the load of
 * `sleepers` are sequentially consistent, and so are their counterparts in wait_for_work(): either
 * the worker sees the work, or this thread sees the sleeper and wakes it. */
static void announce(yg_threads *pool) {
    atomic_fetch_add(&pool->generation, 1);
    if (atomic_load(&pool->sleepers) == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

/* Starts a worker that blocks every signal: a host's handlers run in the host's own threads. */
static bool start(worker *worker) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&worker->thread, NULL, work, worker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

yg_threads *yg_threads_new(int count, yg_error *error) {
    const size_t extra = (size_t)count - 1;
    yg_threads *pool = calloc(1, sizeof *pool + extra * sizeof(worker));
    if (!pool) {
        yg_fail_memory(error);
        return NULL;
    }
    pool->count = count;
    pool->spins = count <= yg_threads_available();
    pool->process = getpid();
    atomic_init(&pool->owners, 1);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->all_done, NULL);
    for (int i = 0; i < count - 1; i++) {
        pool->workers[i] = (worker){.pool = pool, .index = i + 1};
        if (!start(&pool->workers[i])) {
            yg_fail(error, YG_ERROR_MEMORY, YG_NOWHERE, "thread %d of %d cannot be started", i + 1,
                    count);
            yg_threads_free(pool);
            return NULL;
        }
        pool->started++;
    }
    return pool;
}

void yg_threads_free(yg_threads *pool) {
    if (!pool || atomic_fetch_sub(&pool->owners, 1) > 1)
        return;
    if (pool->process != getpid()) { /* no workers to join, and the lock may be held forever */
        free(pool);
        return;
    }
    atomic_store(&pool->stop, true);
    announce(pool);
    for (int i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->all_done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

yg_threads *yg_threads_share(yg_threads *pool) {
    atomic_fetch_add(&pool->owners, 1);
    return pool;
}

int yg_threads_count(const yg_threads *pool) {
    return pool->count;
}

void yg_threads_check_fork(yg_threads *pool) {
    pool->forked = pool->process != getpid();
}

/* In a forked child: runs the same shares one after the other. */
static void run_alone(const yg_threads *pool, yg_share share, void *context) {
    for (int i = 0; i < pool->count; i++)
        share(context, i);
}

/* Opens the door before the work is announced: who is told of it must find it open. */
static void hand_out(yg_threads *pool, yg_share share, void *context) {
    pool->share = share;
    pool->context = context;
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    atomic_store(&pool->door, open_door(atomic_load(&pool->generation) + 1));
    announce(pool);
    share(context, 0);
}

void yg_threads_run(yg_threads *pool, yg_share share, void *context) {
    if (pool->forked) {
        run_alone(pool, share, context);
        return;
    }
    hand_out(pool, share, context);
    wait_for_workers(pool, pool->count - 1);
}

void yg_threads_help(yg_threads *pool, yg_share share, void *context) {
    if (pool->forked) {
        share(context, 0);
        return;
    }
    hand_out(pool, share, context);
    const uint64_t door = atomic_fetch_or(&pool->door, CLOSED);
    wait_for_workers(pool, (int)(door & ENTERED));
}
