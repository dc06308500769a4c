/*
 * Writes everything that the command prints. No other file of cli/ calls printf(), so that no text
 * from outside reaches a terminal unchecked.
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

/* Begin and end a style. They print nothing if there is no colour: `to` is not a terminal, NO_COLOR
 * is set and not empty, or TERM is "dumb" or not set. */
void terminal_start(FILE *to, style style);
void terminal_stop(FILE *to);

/* Whether `to` is a terminal on which a line can be rewritten. */
bool terminal_is_live(FILE *to);
int terminal_width(FILE *to); /* in columns; 80 if it is not known */

/* Prints text for people, made printable. Line ends and tabs stay as they are. */
void terminal_print(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes a word printable on one line: a file name, a cell, a `doc:`. Freed by the caller; NULL when
 * out of memory. */
char *terminal_word(const char *text);

/* Prints data for programs on stdout: every byte as it is, or made printable if stdout is a
 * terminal. */
void terminal_data(const char *text);

/* The same as a stream, for code that writes to one. NULL when out of memory. Closed by
 * terminal_close_data(), which returns false if not everything could be written. */
FILE *terminal_open_data(void);
bool terminal_close_data(FILE *data);

/* Copies all of a file to stdout as terminal_data() prints. False if not everything could be
 * written.
 */
bool terminal_copy(FILE *from);

/* Write a line on stderr in place of the one before, cut at the terminal's width; and remove it.
 * May be called only if terminal_is_live(stderr). */
void terminal_rewrite(const char *format, ...) __attribute__((format(printf, 1, 2)));
void terminal_wipe(void);

/* Print a line on stderr; terminal_error() puts "yamlgrad: error:" in front. */
void terminal_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void terminal_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints an error as compilers do: file:line:column: error: message, the line of the file, and a
 * caret below the column. */
void terminal_report(const yg_error *error);

/* Says that memory has run out, once, and makes the next terminal_finish_output() a failure. For
 * what prints as it goes, and so cannot take back what it has printed. */
void terminal_out_of_memory(void);

/* Flushes stdout. Returns `status`, or a failure if data could not be written, or made for want of
 * memory. A reader that has
 * closed its pipe gets no message. */
int terminal_finish_output(int status);

#endif
