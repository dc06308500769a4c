/*
 * What the files that write a draft down share: see draft.h.
 */
#ifndef YG_CLI_DRAFT_WRITE_H
#define YG_CLI_DRAFT_WRITE_H

#include "../graph/text.h"
#include "draft.h"

/* Adds a scalar of YAML, in quotes unless it is an identifier. */
void draft_add_scalar(yg_text *text, const char *value);
/* Adds a text to a comment, on one line. */
void draft_add_remark(yg_text *text, const char *value);
/* Adds the values of a category, or the classes of a target, with commas between. */
void draft_add_values(yg_text *text, const draft_column *column);

/* Adds the sections from `vars` to `metrics`. */
void draft_add_network(yg_text *text, const draft *draft);

#endif
