/*
 * Makes text from outside harmless to a terminal: file names, cells of a CSV file, names and `doc:`
 * of a model, labels, names of tensors.
 *
 * A terminal obeys control characters. Text with them can move the cursor, hide earlier lines, or
 * set the window's title. So they are replaced by their codes:
 *
 *   \x1B     C0 controls and DEL; bytes that are not UTF-8
 *   \u009B   C1 controls; marks that turn the direction of writing; line and paragraph separators
 *
 * Where a text must stay on one line, a line end becomes \n and a tab \t.
 */
#ifndef YG_CLI_PRINTABLE_H
#define YG_CLI_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* The most bytes that one byte of text can become. */
#define PRINTABLE_GROWTH 4

/* Writes text[0 .. size) to `out`, which has room for PRINTABLE_GROWTH · size bytes, and returns
 * how many were written; there is no NUL. With `lines`, line ends and tabs stay as they are. */
size_t printable(const char *text, size_t size, bool lines, char *out);

/* How many bytes at the end of text[0 .. size) may be the beginning of a character that continues
 * later: 0 to 3. */
size_t printable_pending(const char *text, size_t size);

#endif
