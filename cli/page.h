/*
 * Pages: one HTML file with everything in it, that opens offline and can be sent to others.
 */
#ifndef YG_CLI_PAGE_H
#define YG_CLI_PAGE_H

#include "../graph/text.h"

/* Adds text with the characters of HTML as their names, and without control characters. */
void page_text(yg_text *page, const char *text);

/* Adds bytes in base64, for a data: URL. */
void page_base64(yg_text *page, const char *bytes, size_t size);

/* Begins a page: its head with the style of the house, the heading `title`, and `doc` below it, ""
 * if there is none. `kind` follows the title in the browser's tab: "data". `style` is more CSS;
 * NULL: none. Colours are the variables --ink, --dim, --bar, --line, --page and --card. */
void page_begin(yg_text *page, const char *title, const char *kind, const char *doc,
                const char *style);
/* Ends it. Returns the page, to be freed by the caller; NULL when out of memory. */
char *page_end(yg_text *page);

/* Writes a page, which may be NULL when out of memory, and frees it. Tells where it is. Returns a
 * STATUS_…. */
int page_write(char *page, const char *path);

#endif
