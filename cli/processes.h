/*
 * Whether the command is one of several processes that train together, and the way to the others.
 */
#ifndef YG_CLI_PROCESSES_H
#define YG_CLI_PROCESSES_H

#include "../train/processes.h"

/* How many processes mpirun, srun or the like has started; 1: the command was started alone. Asks
 * the environment only. */
int processes_started(void);

/* Which of them this one is, from 0. Only process 0 prints. */
int processes_rank(void);

/* All processes read the same command line, and find the same mistakes. Between the two calls, only
 * process 0 prints them. Other messages are not held back: they could be of a crash. */
int processes_hush(void);
void processes_speak(int hushed);

/* Connects the processes, if there are several. *processes becomes NULL where there is one. False
 * on failure, with *error set. */
bool processes_open(const yg_processes **processes, yg_error *error);

/* Ends what processes_open() has begun; NULL is allowed. `error`: the failure of this process, if
 * it has one. Afterwards it is the one that all processes ended with, if any did. */
void processes_close(const yg_processes *processes, yg_error *error);

#endif
