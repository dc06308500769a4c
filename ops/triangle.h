/*
 * The common code of tril and triu: one side of a diagonal is kept, and the rest becomes 0. Each is
 * a primitive, because it only copies and clears. vjp: dx = the same triangle of dy.
 */
#ifndef YG_OPS_TRIANGLE_H
#define YG_OPS_TRIANGLE_H

#include "../graph/graph.h"

/* x of [..., n, m], where element (i, j) of each matrix is kept if j - i ≤ diagonal, or if j - i ≥
 * diagonal for the upper side: the definition. Writes one result, or fails and returns 0. */
size_t yg_triangle(yg_graph *graph, const yg_infer *call, yg_node x, bool upper, yg_node *result);

/* The shape rule, the plan, the kernel and the vjp. A unit of work is a row. */
bool yg_triangle_infer(const yg_infer *call, yg_type *result, yg_error *error);
void yg_triangle_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);
bool yg_triangle_run(const yg_kernel_call *call, bool upper);
yg_node yg_triangle_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k);

/* For a reference: the element `index`. */
double yg_triangle_reference(const yg_reference *reference, const int64_t *index, bool upper);

/* The attribute `diagonal`, and calls for the tests. */
extern const yg_attr_spec yg_triangle_attrs[1];
#define YG_TRIANGLE_SAMPLES 9
extern const yg_sample yg_triangle_samples[YG_TRIANGLE_SAMPLES];

#endif
