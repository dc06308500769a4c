/*
 * "did you mean": the nearest of the known names.
 */
#ifndef YG_GRAPH_SPELLING_H
#define YG_GRAPH_SPELLING_H

#include <stddef.h>

/* The candidate that is nearest to `name`, by Damerau-Levenshtein distance; case is ignored, and
 * '-' equals '_'. NULL if none is near: the distance may be at most a third of the name's length
 * (always at least 1), and the two must share a character. */
const char *yg_nearest(const char *name, const char *const *candidates, size_t count);

/* Writes the end of an error message: "; did you mean 'x'?" if a candidate is near, otherwise
 * "; known: a, b, c". A list that does not fit `size` bytes ends with "… and 12 more". Returns
 * `text`. */
const char *yg_suggest(const char *name, const char *const *candidates, size_t count, char *text,
                       size_t size);

#endif
