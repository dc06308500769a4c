/*
 * Elapsed time. Not installed.
 */
#ifndef YG_GRAPH_CLOCK_H
#define YG_GRAPH_CLOCK_H

/* Seconds of a clock that never goes back. Its zero is arbitrary: use differences only. */
double yg_clock(void);

#endif
