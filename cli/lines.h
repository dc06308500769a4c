/*
 * Finding a line of a text in memory.
 */
#ifndef YG_CLI_LINES_H
#define YG_CLI_LINES_H

#include <stddef.h>
#include <stdint.h>

/* The start of line `number` (from 1) and its length without the line end, or NULL. */
const char *find_line(const char *text, size_t size, int32_t number, size_t *length);

#endif
