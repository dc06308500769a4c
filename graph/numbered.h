/*
 * Texts that differ in a number: "h.7.y" and "h.8.y". The copies of a repeated layer have such
 * names.
 */
#ifndef YG_GRAPH_NUMBERED_H
#define YG_GRAPH_NUMBERED_H

#include "pool.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct yg_numbered {
    const char *text;
    size_t head, digits; /* the number stands behind `head` bytes; no digits: it has no number */
    int64_t number;
} yg_numbered;

/* Compares the names that one thing has in a copy and in the copy before it. True if they are
 * equal, so that every copy has this name, or if they differ in one number alone, by one. */
bool yg_numbered_find(const char *before, const char *text, yg_numbered *numbered);

/* The name in a copy that is `further` copies on. NULL when out of memory. */
const char *yg_numbered_text(const yg_numbered *numbered, int64_t further, yg_pool *pool);

#endif
