/*
 * The expanded model as a model file. Private to the library.
 */
#ifndef YG_MODELS_LOADER_PRINT_H
#define YG_MODELS_LOADER_PRINT_H

#include "../model.h"

/* As yg_model_expand(), with another section `data`: its text, with a line end. NULL: the model's
 * own. */
char *yg_model_expand_with(const yg_model *model, const char *data, yg_error *error);

#endif
