/*
 * Drawing with Graphviz: its program `dot` makes a picture of a text.
 */
#ifndef YG_CLI_GRAPHVIZ_H
#define YG_CLI_GRAPHVIZ_H

/* Runs dot on a text, and prints the picture on stdout. `form`: svg or png. Returns a STATUS_…,
 * after a message on stderr if it is a failure. */
int graphviz_draw(const char *text, const char *form);

/* The picture as SVG, to be freed by the caller. NULL where there is no dot, or it fails: nothing
 * is printed. */
char *graphviz_svg(const char *text);

#endif
