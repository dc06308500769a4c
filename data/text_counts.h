/*
 * How often each of many texts was met. Private to the library.
 */
#ifndef YG_DATA_TEXT_COUNTS_H
#define YG_DATA_TEXT_COUNTS_H

#include "../models/loader/names.h"

/* All zeros is none. Its memory is the pool's of the calls. */
typedef struct yg_text_counts {
    yg_names names;  /* in the order of first appearance */
    int64_t *counts; /* of each of them */
} yg_text_counts;

/* Counts a text, which is copied. False when out of memory. */
bool yg_text_counts_add(yg_text_counts *counts, yg_pool *pool, const char *text);

#endif
