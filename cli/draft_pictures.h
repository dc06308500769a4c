/*
 * The pictures that `yamlgrad new` finds in a table.
 */
#ifndef YG_CLI_DRAFT_PICTURES_H
#define YG_CLI_DRAFT_PICTURES_H

#include "draft.h"
#include "raw_table.h"

/* Finds the column that has pictures or their paths, and a size for them, from the first ones.
 * False on failure. */
bool draft_find_pictures(const raw_table *raw, draft_request *request, yg_error *error);

#endif
