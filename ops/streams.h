/*
 * Numbers that tell the random operators of a graph apart. Each has an attribute `stream`, which is
 * part of what its random numbers are a function of: seed, stream, step and element.
 */
#ifndef YG_OPS_STREAMS_H
#define YG_OPS_STREAMS_H

#include "../graph/graph.h"

/* A stream for a new node of the operator: one more than that of the latest node in the graph, 0
 * for the first. So two nodes have different numbers, and two equal models have equal ones. */
int64_t yg_next_stream(const yg_graph *graph, const yg_op *op);

/* The key of an operator's random numbers, for yg_philox(), from the run's seed and the stream. */
uint64_t yg_stream_key(const char *name, uint64_t seed, int64_t stream);

/* Elements in a unit of work of a random operator. A multiple of all that one call of Philox gives.
 */
enum { YG_RANDOM_UNIT = 4096 };

/* yg_op.plan: units of YG_RANDOM_UNIT elements of the first result. */
void yg_random_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* The elements [*begin, *end) of the units of a call. */
void yg_random_range(const yg_kernel_call *call, int64_t *begin, int64_t *end);

/* For a reference: the row-major position of the result's element at a multi-index. */
int64_t yg_random_position(const yg_reference *reference, const int64_t *index);

#endif
