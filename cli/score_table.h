/*
 * Values of metrics, for people and as JSON.
 */
#ifndef YG_CLI_SCORE_TABLE_H
#define YG_CLI_SCORE_TABLE_H

#include "../train/evaluate.h"
#include "json.h"

#include <stdio.h>

/* A metric's number, with so many digits. NaN is "undefined": such a metric has no value for these
 * data. Returns `text`. */
enum { SCORE_TEXT = 40 };
const char *score_text(double value, int digits, char text[SCORE_TEXT]);
/* Says of each undefined metric why it is so. `part` stands before the names, if it is not NULL. */
void score_undefined_note(const yg_model *model, const yg_scores *scores, const char *part);

/* Prints the tables among the metrics, each below its name. Of a long one, such as the points of a
 * curve, it tells the size only. `part` stands before the names: "test"; NULL: nothing does. */
void score_tables_print(const yg_scores *scores, const char *part, FILE *to);

/* A metric's value: a number, or {"function": …, "rows": [names], "columns": [names], "values":
 * [[…], …]}, where names that a table lacks are null. NULL when out of memory. */
json_t *json_of_score(const yg_score *metric);

#endif
