/*
 * What is wrong with a query, shown in the query itself. Private to the library.
 */
#ifndef YG_DATA_SQL_MESSAGE_H
#define YG_DATA_SQL_MESSAGE_H

#include "../graph/error.h"

#include <stddef.h>

/* Where in a query the word stands that `reason` ends with, as in "no such table: hous". SIZE_MAX:
 * it is not in the query. */
size_t yg_sql_find(const char *query, const char *reason);

/* Fails with "WHAT: REASON", and below it the line of the query that byte `at` is in, with a caret
 * under that byte. Of a long line, the part around it is shown. SIZE_MAX: no place is known, and
 * nothing is shown. Always returns false. */
bool yg_sql_fail(const char *query, size_t at, yg_origin origin, const char *what,
                 const char *reason, yg_error *error);

#endif
