/*
 * Changes to the text of a YAML file at the places of values that were read from it. All other
 * text, comments too, stays as it is. Private to train/.
 */
#ifndef YG_TRAIN_MODEL_EDIT_H
#define YG_TRAIN_MODEL_EDIT_H

#include "../models/loader/document.h"

/* Replaces a value, or inserts text before it. */
typedef struct yg_edit {
    const yg_value *at;
    bool insert;
    char *text; /* owned */
} yg_edit;

/* Starts as {0}. */
typedef struct yg_edits {
    size_t count, capacity;
    yg_edit *items;
    bool failed; /* out of memory */
} yg_edits;

/* Takes `text`, which is NULL when out of memory. Where a value is given by a var, the change is
 * made to what stands in the file. The last text for a value counts. */
void yg_edits_add(yg_edits *edits, const yg_value *at, bool insert, char *text);

/* `text`, that of the file `path`, with the changes to this file. Freed by the caller; NULL when
 * out of memory. */
char *yg_edits_apply(const yg_edits *edits, const char *path, const char *text);

void yg_edits_free(yg_edits *edits); /* what it holds, not the struct */

/* Where a value begins in its file's text: the byte. `origin` counts lines and characters. */
size_t yg_edit_place(const char *text, yg_origin origin);

#endif
