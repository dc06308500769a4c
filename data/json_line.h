/*
 * Lines of JSON that are like those before them. Private to the library.
 *
 * Nearly all lines of a file have the same plain shape: an object of numbers, texts without
 * escapes, flags, nulls and lists of these, in the order of the columns. Such a line becomes cells
 * without a tree of values between. Any other line is left to jansson, which also says what is
 * wrong with it.
 */
#ifndef YG_DATA_JSON_LINE_H
#define YG_DATA_JSON_LINE_H

#include "json_cells.h"

/* The cells of a line: cells[0 .. names.count), as yg_json_cells() gives them. Their texts are
 * spans of the line. False: the line is not so plain, or not JSON at all; the cells mean nothing
 * then. At least one byte behind the line must be readable. */
bool yg_json_line(const yg_json_columns *columns, const char *text, size_t size, yg_cell *cells);

#endif
