/*
 * One pool of threads that share the work of a unit. Not installed.
 */
#ifndef YG_GRAPH_THREADS_H
#define YG_GRAPH_THREADS_H

#include "error.h"

typedef struct yg_threads yg_threads;

/* A share of the work: `thread` counts from 0, which is the caller. */
typedef void (*yg_share)(void *context, int thread);

/* Starts count - 1 threads, which sleep while there is nothing to do and block every signal. NULL
 * on failure; count ≥ 1. */
yg_threads *yg_threads_new(int count, yg_error *error);
void yg_threads_free(yg_threads *threads); /* NULL is allowed */

/* The same pool for one more owner, who frees it too; for one of all owners at a time. */
yg_threads *yg_threads_share(yg_threads *threads);
int yg_threads_count(const yg_threads *threads);

/* The child of a fork has none of its parent's threads and would wait for them for ever. After this
 * call yg_threads_run() does all shares in the calling thread there. It is a system call, so it is
 * made once for each run of a program. */
void yg_threads_check_fork(yg_threads *threads);

/* Runs share(context, 0 … count - 1) at once and returns when all are done. */
void yg_threads_run(yg_threads *threads, yg_share share, void *context);

/* The cores that this process may use. */
int yg_threads_available(void);

/* How the calling thread computes during a run, whatever the host has set: rounding to nearest, no
 * exception trapped, subnormal numbers as zeros. (A subnormal number costs a hundred times a normal
 * one on most processors, and an optimizer's decaying state is full of them.) Returns what to give
 * to yg_float_state_leave(), which puts the host's state back, its exception flags too. */
unsigned yg_float_state_enter(void);
void yg_float_state_leave(unsigned before);

#endif
