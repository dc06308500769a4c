/*
 * Files of the data that are given with the model: `--data train=other.csv`.
 */
#ifndef YG_MODELS_LOADER_DATA_PATHS_H
#define YG_MODELS_LOADER_DATA_PATHS_H

#include "syntax.h"

/* Replaces files in the section `data`, which has been resolved; see yg_model_options.data. */
bool yg_replace_data_paths(yg_model *model, const char *const *texts, size_t count,
                           yg_error *error);

#endif
