/*
 * Markdown on stdout, for the reference pages that `yamlgrad ops` and `yamlgrad layers` print.
 */
#ifndef YG_CLI_MARKDOWN_H
#define YG_CLI_MARKDOWN_H

#include <stddef.h>

/* A row of a table: each cell, with a "|" in it escaped. */
void markdown_row(const char *const *cells, size_t count);

/* Plain text as a paragraph: lines of at most 100 columns. */
void markdown_paragraph(const char *text);

/* The first lines of a page: a title, what it was made by, and that nobody should edit it. */
void markdown_head(const char *title, const char *command);

#endif
