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

/* For composites and gradients. x[…, start : stop, …] along dimension `dim`. */
yg_node yg_slice_along(yg_graph *graph, yg_node x, int dim, int64_t start, int64_t stop);

/* x moved by one place along dimension `dim`, forwards or backwards. `fill` takes the free place,
 * and the element at the other end falls out. x has at least one dimension. */
yg_node yg_shift_along(yg_graph *graph, yg_node x, int dim, bool backwards, double fill);

/* x, with zeros behind it in each dimension up to the sizes of `shape`, which has x's rank. */
yg_node yg_pad_to(yg_graph *graph, yg_node x, const yg_type *shape);

/* Fails unless operand `k` is of type i32 or i64. */
bool yg_shape_need_index(const yg_infer *call, size_t k, yg_error *error);

/* For a kernel: reads the element at `position`, row-major, of operand `k`, an index tensor of i32
 * or i64. Fails unless it lies in [0, limit); the message starts with `name`, the operator's name,
 * and tells the position. */
bool yg_index_read(const yg_kernel_call *call, const char *name, size_t k, int64_t position,
                   int64_t limit, int64_t *index, yg_error *error);

#endif
