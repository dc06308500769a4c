/*
 * Metrics that are tables: their sizes and the names of rows and columns. Private to train/.
 */
#ifndef YG_TRAIN_SCORE_TABLE_H
#define YG_TRAIN_SCORE_TABLE_H

#include "../graph/text.h"
#include "executable.h"

/* The table of a metric, without values; *table becomes NULL for one number. Rows and columns that
 * are the classes of a target are named after them. False on failure. */
bool yg_score_table_make(const yg_executable_options *options, yg_network *network, size_t metric,
                         yg_score_table **table, yg_error *error);

/* Writes a table as JSON: {"function": "confusion_matrix", "rows": ["no", "yes"], "columns": ["no",
 * "yes"], "values": [[5, 1], [0, 4]]}. What it lacks is null, and so is a number that is not
 * finite. */
void yg_score_table_json(const yg_score_table *table, const double *values, yg_text *out);

/* A copy of all but the values, which are 0. NULL when out of memory. */
yg_score_table *yg_score_table_copy(const yg_score_table *table);
void yg_score_table_free(yg_score_table *table); /* NULL is allowed */

#endif
