/*
 * Softmax and the logarithm of its denominator, for a few rows at a time: what the losses of class
 * scores and attention spend their time on.
 *
 * A row's bits depend on its own elements alone, not on the rows beside it. Sums are taken in
 * double. A NaN spoils its row.
 */
#ifndef YG_OPS_ROW_SOFTMAX_H
#define YG_OPS_ROW_SOFTMAX_H

#include "rows.h"

enum { YG_ROW_GROUP = 16 }; /* whole vectors on every machine, with a row in each lane */

/* Rows that lie `step` elements apart, their elements `stride` apart. */
typedef struct yg_row_group {
    int64_t count; /* at most YG_ROW_GROUP */
    int64_t length, stride, step;
} yg_row_group;

/* The rows from `row` on, as many as there may be in a group, and before `end`. */
static inline yg_row_group yg_row_group_at(const yg_rows *rows, int64_t row, int64_t end) {
    const int64_t neighbours = rows->stride == 1 ? end - row : rows->stride - row % rows->stride;
    int64_t count = end - row < neighbours ? end - row : neighbours;
    count = count < YG_ROW_GROUP ? count : YG_ROW_GROUP;
    return (yg_row_group){.count = count,
                          .length = rows->length,
                          .stride = rows->stride,
                          .step = rows->stride == 1 ? rows->length : 1};
}

/* y_i = exp(x_i) / sum_j exp(x_j) in each row; y lies as x does. */
void yg_row_softmax_f32(const yg_row_group *rows, const float *x, float *y);
void yg_row_softmax_f64(const yg_row_group *rows, const double *x, double *y);

/* For each row its shift m, and log sum_j exp(x_j - m). The shift is the row's largest element,
 * -infinity where there is none; with `finite` it is 0 in place of an infinite one, so that the sum
 * of an infinite row is not NaN. */
void yg_row_log_sum_f32(const yg_row_group *rows, const float *x, bool finite,
                        float shift[YG_ROW_GROUP], double log_sum[YG_ROW_GROUP]);
void yg_row_log_sum_f64(const yg_row_group *rows, const double *x, bool finite,
                        double shift[YG_ROW_GROUP], double log_sum[YG_ROW_GROUP]);

#endif
