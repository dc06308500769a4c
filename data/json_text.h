/*
 * JSON texts by jansson, where memory may run out. Private to the library.
 */
#ifndef YG_DATA_JSON_TEXT_H
#define YG_DATA_JSON_TEXT_H

#include <jansson.h>

/* As json_loadb(). jansson tells a want of memory as a mistake of the text in many places. Here the
 * code of `reason` is json_error_out_of_memory then, and a text is wrong only if it is. */
json_t *yg_json_parse(const char *text, size_t size, size_t flags, json_error_t *reason);

/* A value's text, freed by the caller; NULL when out of memory, and for the value NULL.
 * json_dumps() would leave out the keys for which it finds no memory. */
char *yg_json_text(const json_t *value);

#endif
