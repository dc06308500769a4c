/*
 * What the command says to a person: on stderr, in colour where that is a terminal that wants it.
 */
#ifndef YG_CLI_TERMINAL_H
#define YG_CLI_TERMINAL_H

#include "../graph/error.h"

#include <stdbool.h>
#include <stdio.h>

typedef enum style { STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_BLUE } style;

/* The escape that starts a style on `to`, or "" where there is no colour: `to` is not a terminal,
 * NO_COLOR is set and not empty, or TERM is "dumb" or not set. */
const char *terminal_style(FILE *to, style style);
const char *terminal_plain(FILE *to); /* ends any style */

/* Whether `to` is a terminal that a line can be rewritten on. */
bool terminal_is_live(FILE *to);
int terminal_width(FILE *to); /* columns; 80 where it is not known */

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
