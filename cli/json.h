/*
 * JSON on stdout, with every number exact: 17 significant digits for float64, 9 for float32.
 */
#ifndef YG_CLI_JSON_H
#define YG_CLI_JSON_H

#include "../graph/type.h"

#include <jansson.h>

/* A number, or null for NaN and infinities, which JSON does not have. */
json_t *json_of_number(double value);

/* Nested lists, one level for each dimension; a bare number for rank 0. NULL when out of memory. */
json_t *json_of_tensor(const yg_type *type, const void *data);

/* Prints with a newline, and frees `value`. Returns a STATUS_…; NULL is "out of memory". */
int json_print(json_t *value, yg_dtype precision);

#endif
