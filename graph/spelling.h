/*
 * "did you mean": the nearest of the known names.
 */
#ifndef YG_GRAPH_SPELLING_H
#define YG_GRAPH_SPELLING_H

#include <stddef.h>

/* The candidate with the smallest Damerau-Levenshtein distance to `name` (case is ignored, '-' is
 * '_'), if that is at most a third of its length (and at least 1 is allowed) and the two share a
 * character; NULL otherwise. */
const char *yg_nearest(const char *name, const char *const *candidates, size_t count);

/* Writes "; did you mean 'x'?" if one is near, otherwise "; known: a, b, c" (cut off with "… and 12
 * more" where they do not fit). Returns `text`, cut at `size`. */
const char *yg_suggest(const char *name, const char *const *candidates, size_t count, char *text,
                       size_t size);

#endif
