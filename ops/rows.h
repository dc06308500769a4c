/*
 * A tensor seen as the rows along one of its dimensions: what softmax and its kin work on.
 */
#ifndef YG_OPS_ROWS_H
#define YG_OPS_ROWS_H

#include "../graph/op.h"

typedef struct yg_rows {
    int64_t count;  /* rows */
    int64_t length; /* elements of a row */
    int64_t stride; /* from one element of a row to the next */
} yg_rows;

/* `dim` counts as Python's and must be valid for the type. */
yg_rows yg_rows_along(const yg_type *type, int64_t dim);

/* Where row `row` starts, in elements. */
static inline int64_t yg_row_start(const yg_rows *rows, int64_t row) {
    return row / rows->stride * rows->length * rows->stride + row % rows->stride;
}

/* Parts of the descriptors of operators with one float operand and the attribute `dim`, whose
 * result has their operand's type. A unit of work is a row along `dim`. */
extern const yg_attr_spec yg_rows_dim[1];
bool yg_rows_infer(const yg_infer *call, yg_type *result, yg_error *error);
void yg_rows_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan);

/* Samples for them: each dimension, a long row, one element, none. */
extern const yg_sample yg_rows_samples[7];

/* Reference: the logarithm of the sum of exp over the row of operand `k` that `index` lies in. */
double yg_reference_logsumexp(const yg_reference *reference, size_t k, const int64_t *index,
                              int64_t dim);

#endif
