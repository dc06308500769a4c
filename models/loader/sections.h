/*
 * Vars in `data:` and `train:`. The folder train/ reads these sections and knows no vars.
 */
#ifndef YG_MODELS_LOADER_SECTIONS_H
#define YG_MODELS_LOADER_SECTIONS_H

#include "syntax.h"

/* Replaces formulas over vars in both sections by their values. */
bool yg_resolve_sections(yg_model *model, yg_error *error);

/* Whether a key of a part of the data names files of a table. */
bool yg_is_file_key(const char *key);

#endif
