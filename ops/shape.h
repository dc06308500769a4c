/*
 * What the operators on shapes and indices share: dimensions counted from the end, and indices
 * that are checked when they are read.
 */
#ifndef YG_OPS_SHAPE_H
#define YG_OPS_SHAPE_H

#include "../graph/graph.h"

/* For a shape rule: `dim` counted from the end of `rank` dimensions if negative. Fails, naming
 * operand 0's type, on one that is not there. */
bool yg_shape_dim(const yg_infer *call, int64_t dim, int rank, int *out, yg_error *error);

/* The same for a composite; the failure is the graph's. */
bool yg_compose_dim(yg_graph *graph, const yg_infer *call, int64_t dim, int rank, int *out);

/* The product of shape[from .. to). */
int64_t yg_shape_product(const int64_t *shape, int from, int to);

/* Fails unless operand `k` is of type i32 or i64. */
bool yg_shape_need_index(const yg_infer *call, size_t k, yg_error *error);

/* For a kernel: entry `position` (row-major) of the index tensor that is operand `k`, checked to
 * lie in [0, limit). `name` is the operator's, for the message. */
bool yg_index_read(const yg_kernel_call *call, const char *name, size_t k, int64_t position,
                   int64_t limit, int64_t *index, yg_error *error);

#endif
