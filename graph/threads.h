/*
 * One pool of threads that share the work of a unit. Not installed.
 */
#ifndef YG_GRAPH_THREADS_H
#define YG_GRAPH_THREADS_H

#include "error.h"

typedef struct yg_threads yg_threads;

/* A share of the work: `thread` counts from 0, which is the caller. */
typedef void (*yg_share)(void *context, int thread);

/* Starts count - 1 threads, which sleep while there is nothing to do. NULL on failure; count ≥ 1.
 */
yg_threads *yg_threads_new(int count, yg_error *error);
void yg_threads_free(yg_threads *threads); /* NULL is allowed */

/* The same pool for one more owner, who frees it too; for one of all owners at a time. */
yg_threads *yg_threads_share(yg_threads *threads);
int yg_threads_count(const yg_threads *threads);

/* Runs share(context, 0 … count - 1) at once and returns when all are done. */
void yg_threads_run(yg_threads *threads, yg_share share, void *context);

/* The cores that this process may use. */
int yg_threads_available(void);

/* Flush-to-zero for the calling thread: subnormal numbers, such as those in an optimizer's state
 * that decays, cost a hundred times a normal one on most processors. Returns what to give to
 * yg_subnormals_restore(). */
unsigned yg_subnormals_flush(void);
void yg_subnormals_restore(unsigned before);

#endif
