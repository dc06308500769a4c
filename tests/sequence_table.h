/*
 * A table of sequences, of rows or of cells, whose cells follow from their place: a plain loop can
 * say what each example holds.
 */
#ifndef YG_TESTS_SEQUENCE_TABLE_H
#define YG_TESTS_SEQUENCE_TABLE_H

#include "workspace.h"

#include <stdbool.h>

enum { GROUPS = 37, LONGEST = 23, PARTS = 3 };

/* Group g has this many rows; they differ, and each occurs. */
static inline int length_of(int group) {
    return 1 + group * 7 % LONGEST;
}

/* The cells of row r of group g. */
static inline int a_of(int group, int row) {
    return 100 * group + row;
}
static inline int b_of(int group, int row) {
    return 5000 + 10 * group - row;
}
static inline int part_of(int group) {
    return group % 5 == 3 ? 1 : group % 5 == 4 ? 2 : 0;
}

typedef struct sequence_case {
    bool text;       /* a cell is a sequence: its tokens are the numbers of a column */
    bool split;      /* by the column `part`; otherwise all is training data */
    bool buckets;    /* not switched off */
    bool gaps;       /* every seventh row has no value and is dropped (of a table of rows) */
    int max_length;  /* 0: none; longer ones are cut */
    const char *pad; /* of the target; NULL: the default */
    int padded;      /* what the target is padded with */
} sequence_case;

/* Whether a row has no value. */
bool is_gap(const sequence_case *c, int group, int row);
/* Writes t.csv. */
void write_table(const workspace *w, const sequence_case *c);
/* A model that reads it; `more` are further lines behind `data`. */
yg_model *model_of(const workspace *w, const sequence_case *c, const char *more);

#endif
