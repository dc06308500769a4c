/*
 * What the cells of recurrences share. A cell computes one step for each row of its state. Its
 * gates lie one after the other in the last dimension of one tensor.
 */
#ifndef YG_OPS_CELLS_H
#define YG_OPS_CELLS_H

#include "../graph/op.h"

/* Part k of `parts` equal parts of the last dimension. YG_NONE of YG_NONE. */
yg_node yg_cell_part(yg_graph *graph, yg_node all, int parts, int k);
/* A tensor of such parts. */
yg_node yg_cell_join(yg_graph *graph, const yg_node *parts, int count);

/* Whether `all`, [..., parts · n], has so many times as many elements a row as `one`, [..., n], of
 * the same float type. */
bool yg_cell_fits(const yg_type *all, const yg_type *one, int parts);
/* Whether `bias` is a row of `all`. */
bool yg_cell_fits_bias(const yg_type *bias, const yg_type *all);

/* The length n of a state's row. */
int64_t yg_cell_length(const yg_type *state);

/* yg_op.plan: a row is one example's. The scratch has so many rows of a state. */
void yg_cell_plan(const yg_type *state, double flops, int scratch, yg_op_plan *plan);

#endif
