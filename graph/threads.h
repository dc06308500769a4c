/*
 * A pool of threads that share the work of a stage. Not installed.
 */
#ifndef YG_GRAPH_THREADS_H
#define YG_GRAPH_THREADS_H

#include "error.h"

typedef struct yg_threads yg_threads;

/* Does one thread's share of the work. `thread` counts from 0, which is the calling thread. */
typedef void (*yg_share)(void *context, int thread);

/* Starts count - 1 threads, count ≥ 1; the calling thread is the other one. They sleep while there
 * is nothing to do, and block every signal, so that a host's handlers run in the host's own
 * threads. NULL on failure. */
yg_threads *yg_threads_new(int count, yg_error *error);
void yg_threads_free(yg_threads *threads); /* NULL is allowed */

/* Adds an owner to the pool and returns it. Each owner must free it. Only one owner may use it at a
 * time. */
yg_threads *yg_threads_share(yg_threads *threads);
int yg_threads_count(const yg_threads *threads);

/* Must be called once before each run of a program, in case the process was forked since. A child
 * process has none of its parent's threads, and would wait for them forever. After this call,
 * yg_threads_run() does all shares in the calling thread of such a child. Takes one system call. */
void yg_threads_check_fork(yg_threads *threads);

/* Runs share(context, t) for all t in [0, count) at the same time. Returns when all are done. */
void yg_threads_run(yg_threads *threads, yg_share share, void *context);

/* Runs share(context, 0), and meanwhile share(context, t) in each worker t that is awake in time.
 * Returns when all shares that have begun are done. So share(context, 0) must do all work that no
 * other thread has taken. On a busy machine a worker may wake up late, and nobody waits for it. */
void yg_threads_help(yg_threads *threads, yg_share share, void *context);

/* The number of cores that this process may use. */
int yg_threads_available(void);

/* Sets the floating-point state of the calling thread for a run, whatever the host has set:
 * rounding to nearest, no exception trapped, subnormal numbers read and written as zero. (On most
 * processors a subnormal number takes a hundred times as long as a normal one, and the decaying
 * state of an optimizer is full of them.) Returns the host's state. yg_float_state_leave() must be
 * given it afterwards, and restores it, exception flags included. */
unsigned yg_float_state_enter(void);
void yg_float_state_leave(unsigned before);

#endif
