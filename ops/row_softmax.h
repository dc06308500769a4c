/*
 * Softmax and the logarithm of its denominator, for a group of a few rows. Attention and the losses
 * of class scores spend their time here.
 *
 * A row's bits depend on its own elements alone, not on the other rows of the group. Sums are taken
 * in double. If one element of a row is NaN, the row's results are NaN.
 */
#ifndef YG_OPS_ROW_SOFTMAX_H
#define YG_OPS_ROW_SOFTMAX_H

#include "rows.h"

/* The most rows in a group. With one row in each lane they fill whole vectors on every machine. */
enum { YG_ROW_GROUP = 16 };

/* A group of rows. Element i of row r is x[r * step + i * stride]. */
typedef struct yg_row_group {
    int64_t count;  /* rows, at most YG_ROW_GROUP */
    int64_t length; /* elements of a row */
    int64_t stride; /* from one element of a row to the next, in elements */
    int64_t step;   /* from the start of one row to that of the next, in elements */
} yg_row_group;

/* The largest group that starts at row `row`, ends before `end`, and has one `step`. */
static inline yg_row_group yg_row_group_at(const yg_rows *rows, int64_t row, int64_t end) {
    const int64_t neighbours = rows->stride == 1 ? end - row : rows->stride - row % rows->stride;
    int64_t count = end - row < neighbours ? end - row : neighbours;
    count = count < YG_ROW_GROUP ? count : YG_ROW_GROUP;
    return (yg_row_group){.count = count,
                          .length = rows->length,
                          .stride = rows->stride,
                          .step = rows->stride == 1 ? rows->length : 1};
}

/* y_i = exp(x_i) / sum_j exp(x_j) in each row. y is laid out like x. */
void yg_row_softmax_f32(const yg_row_group *rows, const float *x, float *y);
void yg_row_softmax_f64(const yg_row_group *rows, const double *x, double *y);

/* For each row r: shift[r] = m and log_sum[r] = log sum_j exp(x_j - m). The shift m is the row's
 * largest element, or -infinity in an empty row. With `finite` an infinite m becomes 0; otherwise
 * a row with an infinite maximum has infinity - infinity in its sum, which is NaN. The entries
 * behind the last row of the group are unspecified. */
void yg_row_log_sum_f32(const yg_row_group *rows, const float *x, bool finite,
                        float shift[YG_ROW_GROUP], double log_sum[YG_ROW_GROUP]);
void yg_row_log_sum_f64(const yg_row_group *rows, const double *x, bool finite,
                        double shift[YG_ROW_GROUP], double log_sum[YG_ROW_GROUP]);

#endif
