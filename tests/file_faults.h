/*
 * Makes the n-th write fail, or ends the process there. In the suite test_faults, the library's
 * calls of write(), fsync() and rename() go through this file (see CMakeLists.txt).
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

/* Starts to count calls of a kind from 1; the n-th one fails, once. -n: and all after it. 0: none
 * does. */
void fault_at(fault_kind kind, int64_t n);

/* Whether the fault has happened. */
bool fault_came(void);

/* The status with which FAULT_KILL ends a process. */
enum { FAULT_STATUS = 99 };

#endif
