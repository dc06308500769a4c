/*
 * Values that the command line sets: --set hidden=8, --set train.optimizer.lr=0.01.
 */
#ifndef YG_MODELS_LOADER_OVERRIDE_H
#define YG_MODELS_LOADER_OVERRIDE_H

#include "syntax.h"

/* Puts the value of "PATH=VALUE" into the tree of the file that it belongs to, as if it stood in
 * the file. `sections` are the keys of a model file. */
bool yg_override_value(yg_model *model, const char *text, const yg_key *sections, size_t count,
                       yg_error *error);

#endif
