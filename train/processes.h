/*
 * Several processes that train one model together: what the library needs to send bytes between
 * them. The library does not know MPI. The host program hands in these functions
 * (yg_train_options.processes); those of the command are in mpi/processes_mpi.c.
 *
 * All of it is called by one thread. Nothing here blocks but `settle` and `end`: a caller asks
 * `done` again and again. So it can notice, by `failed`, that a process it waits for will never
 * answer.
 */
#ifndef YG_TRAIN_PROCESSES_H
#define YG_TRAIN_PROCESSES_H

#include "../graph/error.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_processes {
    int rank, size; /* this process's number, from 0, and how many there are */
    void *context;  /* for the functions */

    /* Begin to send or receive. The bytes must stay as they are, or be left alone, until `done`.
     * Messages between two processes with the same tag arrive in the order in which they were sent,
     * and both sides give the same number of bytes. Return a ticket, or -1: out of memory. */
    int (*send)(void *context, int to, int tag, const void *data, size_t bytes);
    int (*receive)(void *context, int from, int tag, void *data, size_t bytes);
    /* Whether what a ticket stands for has been done. Then the ticket is no longer valid. */
    bool (*done)(void *context, int ticket);

    /* Tells all other processes that this one cannot go on, and why. Does nothing if it goes on no
     * longer because another one has failed. */
    void (*fail)(void *context, const yg_error *error);
    /* Whether another process has failed, and why. */
    bool (*failed)(void *context, yg_error *error);

    /* To be called by every process, after success and failure, before it frees memory that it has
     * given to `send` or `receive`. Waits until all processes have called it or `end`. Nothing is
     * sent or received after it. */
    void (*settle)(void *context);
    /* The last call, by every process. Waits until all have called it. On process 0, *error becomes
     * the failure to tell the user, if there was one: that of the lowest process that failed by
     * itself. So it is told once. */
    void (*end)(void *context, yg_error *error);
} yg_processes;

#ifdef __cplusplus
}
#endif

#endif
