/*
 * Means by column: the common code of metrics of regression.
 *
 * Operands of a call: prediction (floats) and target of one shape, and optionally a weight for each
 * row, of that shape without its last dimension. The last dimension holds the columns. Without a
 * second dimension there is one column, and a weight for each element.
 */
#ifndef YG_OPS_COLUMN_MEAN_H
#define YG_OPS_COLUMN_MEAN_H

#include "../graph/graph.h"

/* Checks the operands. False after yg_graph_fail(). */
bool yg_columns_check(yg_graph *graph, const yg_infer *call);

/* The sum over the rows of x, by weight: [C], or a scalar for one column. `weight` is the call's
 * operand or YG_NONE. */
yg_node yg_column_sums(yg_graph *graph, yg_node x, yg_node weight);

/* Sums by column, divided by the number of rows of x, or by the sum of their weights. */
yg_node yg_per_row(yg_graph *graph, yg_node sums, yg_node x, yg_node weight);

/* The mean over the rows. */
yg_node yg_column_means(yg_graph *graph, yg_node x, yg_node weight);

/* For references: the weighted mean of `term` over the rows of a column. */
int64_t yg_columns_reference_count(const yg_reference *reference);
double yg_column_reference(const yg_reference *reference, int64_t column,
                           double (*term)(double prediction, double target, double number),
                           double number);

extern const yg_sample yg_column_samples[6];

#endif
