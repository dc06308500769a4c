/*
 * The common code of tril and triu: one side of a diagonal is kept, and the rest becomes 0.
 */
#ifndef YG_OPS_TRIANGLE_H
#define YG_OPS_TRIANGLE_H

#include "../graph/graph.h"

/* x of [..., n, m], where element (i, j) of each matrix is kept if j - i ≤ diagonal, or if j - i ≥
 * diagonal for the upper side. Writes one result, or fails in the graph and returns 0. */
size_t yg_triangle(yg_graph *graph, const yg_infer *call, yg_node x, bool upper, yg_node *result);

/* For a reference: the element `index`. */
double yg_triangle_reference(const yg_reference *reference, const int64_t *index, bool upper);

/* The attribute `diagonal`, and calls for the tests. */
extern const yg_attr_spec yg_triangle_attrs[1];
#define YG_TRIANGLE_SAMPLES 8
extern const yg_sample yg_triangle_samples[YG_TRIANGLE_SAMPLES];

#endif
