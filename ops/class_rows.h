/*
 * For references of metrics that are means over rows: the rows of the operands that class_counts.h
 * describes, one after the other.
 */
#ifndef YG_OPS_CLASS_ROWS_H
#define YG_OPS_CLASS_ROWS_H

#include "../graph/graph.h"

typedef struct yg_class_row {
    const yg_reference *reference;
    int64_t at[YG_MAX_RANK + 1]; /* the row's multi-index, and a place for the class */
    int last;                    /* where the class stands in `at` */
    int64_t classes;
    int64_t label; /* the target, if it is a class index; otherwise -1 */
    int64_t which; /* as given to yg_class_rows_mean() */
} yg_class_row;

/* The mean of `value` over all rows, by weight. Rows whose class index is `ignore_index` do not
 * count. `which` is for `value` to read. */
double yg_class_rows_mean(const yg_reference *reference, int64_t ignore_index, int64_t which,
                          double (*value)(yg_class_row *row));

/* The prediction and the target, 0 or 1, of a row for one class. */
double yg_class_row_score(yg_class_row *row, int64_t class_index);
double yg_class_row_truth(yg_class_row *row, int64_t class_index);

#endif
