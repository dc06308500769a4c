/*
 * Metrics that are tables, for people and as JSON.
 */
#ifndef YG_CLI_SCORE_TABLE_H
#define YG_CLI_SCORE_TABLE_H

#include "../train/evaluate.h"
#include "json.h"

#include <stdio.h>

/* Prints the tables among the metrics, each below its name. Of a long one, such as the points of a
 * curve, it tells the size only. `part` stands before the names: "test"; NULL: nothing does. */
void score_tables_print(const yg_scores *scores, const char *part, FILE *to);

/* A metric's value: a number, or {"function": …, "rows": [names], "columns": [names], "values":
 * [[…], …]}, where names that a table lacks are null. NULL when out of memory. */
json_t *json_of_score(const yg_score *metric);

#endif
