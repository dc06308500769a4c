/*
 * What the files that make a draft share: see draft.h.
 */
#ifndef YG_CLI_DRAFT_PARTS_H
#define YG_CLI_DRAFT_PARTS_H

#include "draft.h"

/* Leaves a column out, with the reason. False: out of memory. */
bool draft_leave_out(draft_column *column, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The values that occur `least` times at least, in order: numbers by size, texts by their bytes.
 * False: out of memory. */
bool draft_choose_values(draft_column *column, int64_t present, int64_t least);
/* The first value that is no number. */
const char *draft_odd_value(const yg_column_summary *summary);
bool draft_all_whole(const yg_column_summary *summary, int64_t present);

/* Finds the targets, decides what each of them is, and gives each its head. */
bool draft_find_targets(const yg_table *table, const draft_request *request, draft *draft,
                        yg_error *error);

#endif
