/*
 * Drawing with Graphviz: its program `dot` makes a picture of a text.
 */
#ifndef YG_CLI_GRAPHVIZ_H
#define YG_CLI_GRAPHVIZ_H

#include <stdio.h>

/* Runs dot on what `text` holds, from its beginning, and prints the picture on stdout. `form`: svg
 * or png. Returns a STATUS_…, after a message on stderr if it is a failure. */
int graphviz_draw(FILE *text, const char *form);

#endif
