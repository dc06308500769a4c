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

/* Puts a value at the end of a list, or under a key of an object, which takes it over. Where memory
 * runs out for any of these, the list or object is freed and becomes NULL, and stays NULL: so only
 * the last one needs a look, which json_print() takes. */
void json_append(json_t **list, json_t *value);
void json_set(json_t **object, const char *key, json_t *value);

/* Prints `value` with a newline, and frees it. Returns a STATUS_…. `value` NULL: says that memory
 * has run out. */
int json_print(json_t *value, yg_dtype precision);

#endif
