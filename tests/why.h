/*
 * Why a check failed: what the helpers that compare things tell the tests that call them.
 */
#ifndef YG_TESTS_WHY_H
#define YG_TESTS_WHY_H

#include "graph/graph.h"

#include <stdbool.h>

/* The bytes of every buffer that takes a reason. A longer reason is cut. */
#define WHY_SIZE 1600

/* Writes the reason to `why` and returns false, so that a check can end with `return fail(…)`. */
__attribute__((format(printf, 2, 3))) bool fail(char *why, const char *format, ...);

/* The graph's own error. NULL stands for a graph that could not be made. */
const char *graph_reason(const yg_graph *graph);

#endif
