/*
 * A JSON file that is one list, read an element at a time. Private to the library.
 *
 * So a list of any length takes the memory of its longest element. An element is only looked for
 * here: where it ends. Whether it is JSON is seen when it is parsed.
 */
#ifndef YG_DATA_JSON_LIST_H
#define YG_DATA_JSON_LIST_H

#include "input.h"

/* Takes blanks and the bracket that opens a list. False: the text begins otherwise, and nothing was
 * taken. Counts the lines that it takes in *line. */
bool yg_json_list_begins(yg_byte_input *input, int64_t *line);

/* Finds the next element, and takes the blanks before its comma. The element has *size bytes, and
 * *begin of a comma and blanks stand before it; they are left for the caller to take with it, so
 * that a mark that is told before is a place to go on from. `first`: it is the list's first
 * element, which has no comma. *size 0: the list has ended. False on failure. */
bool yg_json_list_find(yg_byte_input *input, bool first, int64_t *line, size_t *begin, size_t *size,
                       yg_error *error);

/* Whether an element, and what stands before it, can be found without reading more bytes. `at` is
 * behind the element before it; *size becomes the element's bytes, and *begin its place. */
bool yg_json_list_at_hand(const yg_byte_input *input, size_t at, size_t *begin, size_t *size);

/* The line ends in some text. */
int64_t yg_json_list_lines(const unsigned char *text, size_t size);

#endif
