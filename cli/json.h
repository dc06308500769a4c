/*
 * JSON on stdout. Numbers have 17 significant digits for float64 and 9 for float32, so that reading
 * them gives the same number.
 */
#ifndef YG_CLI_JSON_H
#define YG_CLI_JSON_H

#include "../graph/type.h"

#include <jansson.h>

/* A number, or null for NaN and infinities, which JSON does not have. */
json_t *json_of_number(double value);

/* Nested lists, one level for each dimension; a bare number for rank 0. NULL when out of memory. */
json_t *json_of_tensor(const yg_type *type, const void *data);

/* Prints `value` with a newline, and frees it. Returns a STATUS_…. `value` NULL: says that memory
 * has run out. */
int json_print(json_t *value, yg_dtype precision);

#endif
