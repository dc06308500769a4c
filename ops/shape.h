/*
 * Helpers for operators on shapes and indices: they resolve dimensions counted from the end, and
 * check indices when a kernel reads them.
 */
#ifndef YG_OPS_SHAPE_H
#define YG_OPS_SHAPE_H

#include "../graph/graph.h"

/* For a shape rule: resolves `dim`, in [-rank, rank), to *out in [0, rank). A negative one counts
 * from the end. Fails on any other; the message shows operand 0's type. */
bool yg_shape_dim(const yg_infer *call, int64_t dim, int rank, int *out, yg_error *error);

/* The same for a composite: fails in the graph. */
bool yg_compose_dim(yg_graph *graph, const yg_infer *call, int64_t dim, int rank, int *out);

/* The product of shape[from .. to); 1 if that is empty. */
int64_t yg_shape_product(const int64_t *shape, int from, int to);

/* Fails unless operand `k` is of type i32 or i64. */
bool yg_shape_need_index(const yg_infer *call, size_t k, yg_error *error);

/* For a kernel: reads the element at `position`, row-major, of operand `k`, an index tensor of i32
 * or i64. Fails unless it lies in [0, limit); the message starts with `name`, the operator's name,
 * and tells the position. */
bool yg_index_read(const yg_kernel_call *call, const char *name, size_t k, int64_t position,
                   int64_t limit, int64_t *index, yg_error *error);

#endif
