/*
 * Reading a scan node, all but its `graph:`.
 */
#ifndef YG_MODELS_LOADER_SCAN_HEAD_H
#define YG_MODELS_LOADER_SCAN_HEAD_H

#include "syntax.h"

/* NULL on failure. */
yg_scan_use *yg_read_scan_head(yg_model *model, const yg_value *value, yg_error *error);

#endif
