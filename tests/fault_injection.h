/*
 * Allocations that fail when a test says so.
 *
 * A suite whose name begins with test_allocation_ is linked so that malloc(), calloc(), realloc(),
 * aligned_alloc(), strdup(), open_memstream() and pthread_create() of the library come by here
 * (see CMakeLists.txt). Allocations inside other libraries do not.
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

/* From now on allocations are counted, and number `failing` (from 1; 0: none) fails. */
void fault_injection_begin(uint64_t failing);

/* Allocations since the beginning. */
uint64_t fault_injection_asked(void);

/* No allocation fails or is counted any more. */
fault_report fault_injection_end(void);

#endif
