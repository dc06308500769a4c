/*
 * Adds rows to the rows of a table that an index names: index_add, and the gradient of embedding.
 */
#ifndef YG_OPS_ADD_ROWS_H
#define YG_OPS_ADD_ROWS_H

#include "../graph/type.h"

typedef struct yg_row_sum {
    yg_dtype dtype, index_type; /* index_type: YG_I32 or YG_I64 */
    int64_t width;              /* elements that are added of each row */
    int64_t to_row, from_row;   /* elements from one row to the next */
    const void *index;          /* `count` numbers of rows in `to`, all of them inside */
    int64_t count;
} yg_row_sum;

/* to[index[i]][j] += from[i][j] for each i in order, and j < width. No type is bool. */
void yg_add_rows(const yg_row_sum *sum, void *to, const void *from);

#endif
