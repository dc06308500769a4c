/*
 * A tensor seen as rows along one of its dimensions: softmax and its kin work on rows.
 */
#ifndef YG_OPS_ROWS_H
#define YG_OPS_ROWS_H

#include "../graph/op.h"

typedef struct yg_rows {
    int64_t count;  /* rows */
    int64_t length; /* elements of a row */
    int64_t stride; /* from one element of a row to the next, in elements */
} yg_rows;

/* The rows along `dim`, which is negative if counted from the end. For a scalar, and for a
 * dimension that the type does not have: one row of one element. */
yg_rows yg_rows_along(const yg_type *type, int64_t dim);

/* The position of the first element of row `row`, in elements. */
static inline int64_t yg_row_start(const yg_rows *rows, int64_t row) {
    return row / rows->stride * rows->length * rows->stride + row % rows->stride;
}

/* Parts of descriptors, for operators with one float operand and the attribute `dim`: the
 * attribute, the shape rule (the result has the operand's type), and the plan (a unit of work is a
 * row along `dim`). */
extern const yg_attr_spec yg_rows_dim[1];
bool yg_rows_infer(const yg_infer *call, yg_type *result, yg_error *error);
void yg_rows_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* Samples for such operators: rows along each dimension, long rows, one element, no elements. */
extern const yg_sample yg_rows_samples[7];

/* For a reference: log sum_j exp(x_j) over the row of operand `k`, along `dim`, that contains
 * `index`. */
double yg_reference_logsumexp(const yg_reference *reference, size_t k, const int64_t *index,
                              int64_t dim);

#endif
