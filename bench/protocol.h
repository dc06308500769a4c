/*
 * The runner's protocol, as the C subjects speak it: bench/peers/protocol.py says it for the
 * others.
 */
#ifndef YG_BENCH_PROTOCOL_H
#define YG_BENCH_PROTOCOL_H

#include "../graph/error.h"

#include <stddef.h>

/* One repetition of what is measured. */
typedef bool (*repetition)(void *context, yg_error *error);

/* Monotonic time in seconds. */
double now(void);

/* Reads a whole number in [min, max]; false for anything else. */
bool read_count(const char *text, long min, long max, long *out);

/* Prints that the subject is ready, with its version and the numbers that all subjects must agree
 * on; warms up, and then for each line "run" on stdin times repetitions for about `round_seconds`
 * (at least one). Returns at the end of stdin; false after a failure. */
bool serve(const char *version, const double *check, size_t count, double round_seconds,
           repetition once, void *context, yg_error *error);

/* Prints {"error": …} for the runner. Returns EXIT_FAILURE. */
int report_error(const yg_error *error);

#endif
