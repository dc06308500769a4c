/*
 * What yamlgrad_mpi.so has to offer: see processes_mpi.c.
 */
#ifndef YG_MPI_PROCESSES_MPI_H
#define YG_MPI_PROCESSES_MPI_H

#include "../train/processes.h"

#pragma GCC visibility push(default)

/* Starts MPI. To be called once, by every process. `version`: the caller's
 * YG_VERSION_NUMBER. The result ends with its own call `end`. NULL on failure. */
const yg_processes *yamlgrad_mpi_begin(int version, yg_error *error);

#pragma GCC visibility pop

#endif
