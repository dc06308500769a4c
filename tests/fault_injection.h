/*
 * Allocations that fail when a test says so.
 *
 * In a suite whose name begins with test_allocation_, the library's calls of malloc(), calloc(),
 * realloc(), aligned_alloc(), strdup(), strndup(), open_memstream(), json_dumps() and
 * pthread_create() go through this file (see CMakeLists.txt). Calls inside other libraries do not.
 *
 *   for (uint64_t n = 1;; n++) {
 *       fault_injection_begin(n);
 *       const bool done = …;  // whatever allocates, and frees it all again
 *       const fault_report report = fault_injection_end();
 *       if (!report.failed) break; // fewer than n allocations: all have been tried
 *   }
 */
#ifndef YG_TESTS_FAULT_INJECTION_H
#define YG_TESTS_FAULT_INJECTION_H

#include <stdbool.h>
#include <stdint.h>

typedef struct fault_report {
    uint64_t asked; /* allocations since the beginning */
    bool failed;    /* one was made to fail */
    int64_t left;   /* allocations that have not been freed */
} fault_report;

/* Starts to count allocations. Number `failing` (from 1; 0: none) fails. */
void fault_injection_begin(uint64_t failing);

/* Allocations since the beginning. */
uint64_t fault_injection_asked(void);

/* Stops counting; no allocation fails any more. Returns what was counted. */
fault_report fault_injection_end(void);

#endif
