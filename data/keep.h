/*
 * Columns of a table that are carried along beside the examples, as texts. Private to the library.
 */
#ifndef YG_DATA_KEEP_H
#define YG_DATA_KEEP_H

#include "table.h"

/* Which columns. All zeros is none. */
typedef struct yg_keep {
    const char *const *asked; /* names; "*" is every column */
    size_t asked_count;
    /* Once the table is open: */
    size_t count;
    size_t *index; /* in the table */
    char **names;  /* owned */
} yg_keep;

/* Finds the columns that were asked for, each once. */
bool yg_keep_choose(yg_keep *keep, const yg_table *table, yg_error *error);
void yg_keep_free(yg_keep *keep); /* what it holds, not the struct */

/* The texts of some examples: those of an example one after the other, each with a NUL. */
typedef struct yg_kept {
    char *texts;
    size_t size, room;
} yg_kept;

/* Adds the cells of records of the table, which has `stride` columns. False when out of memory. */
bool yg_kept_add(yg_kept *kept, const yg_keep *keep, const yg_records *records, size_t stride);
/* Adds texts of an example, as they are in another yg_kept. False when out of memory. */
bool yg_kept_add_texts(yg_kept *kept, const char *texts, size_t size);
/* The bytes of the next `texts` texts. */
size_t yg_kept_size(const char *at, size_t texts);
void yg_kept_free(yg_kept *kept); /* the struct too; NULL is allowed */

#endif
