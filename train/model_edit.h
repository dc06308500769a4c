/*
 * Changes to the text of a YAML file at the places of values that were read from it. All other
 * text, comments too, stays as it is. Private to train/.
 */
#ifndef YG_TRAIN_MODEL_EDIT_H
#define YG_TRAIN_MODEL_EDIT_H

#include "../models/loader/document.h"

/* Replaces a value, inserts text before it, or removes an entry of a mapping. */
typedef struct yg_edit {
    const yg_value *at; /* of a removal: the key */
    bool insert;
    char *text;            /* owned; of a removal: "" */
    const yg_value *entry; /* of a removal: the entry's value; otherwise NULL */
    bool first;            /* of a removal: no entry before it stays */
    bool flow;             /* of a removal: the mapping is in brackets */
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

/* Removes the entry number `index` of a mapping, whose value in the file is `value`. `first`: those
 * before it are removed too. At least one entry must stay. */
void yg_edits_remove(yg_edits *edits, const yg_value *mapping, size_t index, const yg_value *value,
                     bool first);

/* `text`, that of the file `path`, with the changes to this file. Freed by the caller; NULL when
 * out of memory. */
char *yg_edits_apply(const yg_edits *edits, const char *path, const char *text);

void yg_edits_free(yg_edits *edits); /* what it holds, not the struct */

/* Where a value begins in its file's text: the byte. `origin` counts lines and characters. */
size_t yg_edit_place(const char *text, yg_origin origin);

#endif
