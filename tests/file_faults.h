/*
 * Writing that fails, or ends the process, at the n-th time: for the suite test_faults, which is
 * linked so that write(), fsync() and rename() of the library come by here (CMakeLists.txt).
 */
#ifndef YG_TESTS_FILE_FAULTS_H
#define YG_TESTS_FILE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum fault_kind {
    FAULT_WRITE,  /* write: the disk is full */
    FAULT_SYNC,   /* fsync: an input/output error */
    FAULT_RENAME, /* rename: no permission */
    FAULT_KILL,   /* the process ends at once, in place of the n-th rename */
    FAULT_KINDS,
} fault_kind;

/* The n-th call from now on (from 1) fails, once. 0: none does. Starts to count anew. */
void fault_at(fault_kind kind, int64_t n);

/* Whether the fault has come. */
bool fault_came(void);

/* The status with which FAULT_KILL ends a process. */
enum { FAULT_STATUS = 99 };

#endif
