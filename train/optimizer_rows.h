/*
 * Updates of a table's rows. The gradient of a table by embedding() is zero but for the rows that
 * the batch looks up. An update that leaves a row of gradient 0 as it is needs only these: it is
 * built for the rows, which are then put back. A step costs nothing for the others. Private to
 * train/.
 */
#ifndef YG_TRAIN_OPTIMIZER_ROWS_H
#define YG_TRAIN_OPTIMIZER_ROWS_H

#include "optimizer_update.h"

/* Rows of a table. A row that the batch looks up several times is there as often, each time with
 * the same values. */
typedef struct yg_update_rows {
    yg_node index;                       /* which rows they are */
    yg_node table;                       /* the parameter */
    yg_node tables[YG_OPTIMIZER_STATES]; /* the states */
} yg_update_rows;

/* Whether a parameter's gradient is that of a single lookup, and nothing else. */
bool yg_update_rows_found(const yg_graph *graph, yg_node gradient);

/* Whether it pays to update only the rows: there are many more in the table. */
bool yg_update_rows_pay(const yg_graph *graph, yg_node gradient);

/* Replaces parameter, gradient and `count` states of the call by their rows. */
yg_update_rows yg_update_rows_begin(yg_update_call *call, size_t count);

/* The new value of a table, whose rows become `value`. */
yg_node yg_update_rows_put(yg_graph *graph, const yg_update_rows *rows, yg_node table,
                           yg_node value);

#endif
