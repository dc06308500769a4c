/*
 * All that the command writes, to a person or to a program: no other file of cli/ calls printf().
 *
 * Text for people (messages, tables, headings) is made printable wherever it goes, because a log is
 * read in a terminal too: see printable.h. Data for programs (JSON, CSV, a model, a graph) keep
 * every byte, except on a terminal. Colour is for a terminal that wants it.
 */
#ifndef YG_CLI_TERMINAL_H
#define YG_CLI_TERMINAL_H

#include "../graph/error.h"

#include <stdbool.h>
#include <stdio.h>

typedef enum style { STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN } style;

/* What is printed between the two is in that style, unless there is no colour: `to` is not a
 * terminal, NO_COLOR is set and not empty, or TERM is "dumb" or not set. */
void terminal_start(FILE *to, style style);
void terminal_stop(FILE *to);

/* Whether `to` is a terminal that a line can be rewritten on. */
bool terminal_is_live(FILE *to);
int terminal_width(FILE *to); /* columns; 80 where it is not known */

/* Text for people, made printable. Lines end where `format` or what it is given has a line's end.
 */
void terminal_print(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One word of it, on one line whatever it holds: a file name, a cell, a `doc:`. Returns a text to
 * be freed by the caller, NULL when out of memory. */
char *terminal_word(const char *text);

/* Data on stdout: every byte as it is, but printable where stdout is a terminal. */
void terminal_data(const char *text);

/* The same as a stream, for a writer that takes one; NULL when out of memory. Closed by
 * terminal_close_data(), which returns false where not all was written. */
FILE *terminal_open_data(void);
bool terminal_close_data(FILE *data);

/* A line on stderr that is rewritten in place, cut at the terminal's width; and its removal. Only
 * where terminal_is_live(stderr). */
void terminal_rewrite(const char *format, ...) __attribute__((format(printf, 1, 2)));
void terminal_wipe(void);

/* A line on stderr; the second one starts with "yamlgrad: error:". */
void terminal_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void terminal_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An error as compilers print it: file:line:column: error: message, the line of the file, and a
 * caret below the column. */
void terminal_report(const yg_error *error);

/* Flushes stdout. Returns `status`, or a failure where the data did not get out: silently for a
 * reader that has gone away. */
int terminal_finish_output(int status);

#endif
